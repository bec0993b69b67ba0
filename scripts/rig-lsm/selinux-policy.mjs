// A policy for the guest of scripts/rig-lsm.mjs, in CIL: as small as one can be in which guests' files are kept from each other by
// the categories of their labels. What it does not name is allowed.

const CATEGORIES = Array.from({ length: 1024 }, (_, number) => `c${number}`);
const TYPES = ["virtd_t", "svirt_t", "svirt_tcg_t", "svirt_image_t", "virt_content_t", "file_t"];
/** What the kernel labels before anything else, in its order. */
const FIRST = [
  ...["kernel", "security", "unlabeled", "fs", "file", "file_labels", "init", "any_socket", "port", "netif", "netmsg"],
  ...["node", "igmp_packet", "icmp_socket", "tcp_socket", "sysctl_modprobe", "sysctl", "sysctl_fs", "sysctl_kernel"],
  ...["sysctl_net", "sysctl_net_unix", "sysctl_vm", "sysctl_dev", "kmod", "policy", "scmp_packet", "devnull"],
];
const MANAGERS = ["kernel", "init"];
const FILE_SYSTEMS = ["rootfs", "proc", "sysfs", "selinuxfs", "securityfs", "cgroup2"];

export const POLICY = `
(handleunknown allow)
(mls true)
(class process (transition dyntransition fork sigchld))
(class file (read write append open entrypoint execute relabelfrom relabelto))
(classorder (unordered process file))
(sensitivity s0)
(sensitivityorder (s0))
${CATEGORIES.map((name) => `(category ${name})`).join("\n")}
(categoryorder (${CATEGORIES.join(" ")}))
(sensitivitycategory s0 (range c0 c1023))
(user system_u)
(role system_r)
(role object_r)
(userrole system_u system_r)
(userrole system_u object_r)
(userlevel system_u (s0))
(userrange system_u ((s0) (s0 (range c0 c1023))))
(typeattribute any)
${TYPES.map((name) => `(type ${name}) (typeattributeset any ${name}) (roletype system_r ${name}) (roletype object_r ${name})`).join("\n")}
(allow any any (process (transition dyntransition fork sigchld)))
(allow virtd_t any (file (read write append open entrypoint execute relabelfrom relabelto)))
(typeattribute guest)
(typeattributeset guest (svirt_t svirt_tcg_t))
(allow guest guest (file (read write open)))
(allow guest file_t (file (read open entrypoint execute)))
(allow guest svirt_image_t (file (read write append open)))
(allow guest virt_content_t (file (read open)))
(mlsconstrain (file (read write append open)) (or (dom h1 h2) (eq t1 virtd_t)))
(context manager (system_u system_r virtd_t ((s0) (s0 (range c0 c1023)))))
(context plain (system_u object_r file_t ((s0) (s0))))
${FIRST.map((name) => `(sid ${name}) (sidcontext ${name} ${MANAGERS.includes(name) ? "manager" : "plain"})`).join("\n")}
(sidorder (${FIRST.join(" ")}))
(fsuse xattr ext4 plain)
(fsuse trans tmpfs plain)
(fsuse trans devtmpfs plain)
(fsuse task pipefs plain)
(fsuse task sockfs plain)
${FILE_SYSTEMS.map((name) => `(genfscon ${name} "/" plain)`).join("\n")}
`;

/** What a policy says of guests, in the folder of its contexts. */
export const CONTEXTS = {
  virtual_domain_context: "system_u:system_r:svirt_t:s0\nsystem_u:system_r:svirt_tcg_t:s0\n",
  virtual_image_context: "system_u:object_r:svirt_image_t:s0\nsystem_u:object_r:virt_content_t:s0\n",
};
