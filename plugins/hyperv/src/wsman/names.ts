const WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root";

/** Hyper-V's own classes have a namespace of their own. */
const namespaceOf = (className: string): string => (className.startsWith("Msvm_") ? "virtualization/v2" : "cimv2");

/** What names a class of the server. */
export function resourceUri(className: string): string {
  return `${WMI}/${namespaceOf(className)}/${className}`;
}

/** What names all classes of a class' namespace: queries go there. */
export function namespaceUri(className: string): string {
  return `${WMI}/${namespaceOf(className)}/*`;
}
