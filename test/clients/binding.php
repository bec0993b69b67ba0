<?php
// php-libvirt-php against any daemon: binding.php URI. Prints a line for each step. The binding has no events.
$conn = libvirt_connect($argv[1], false);
if ($conn === false) exit("cannot connect: " . libvirt_get_last_error() . "\n");
echo "domains ", implode(" ", libvirt_list_domains($conn)), "\n";
$dom = libvirt_domain_define_xml($conn, stream_get_contents(STDIN));
echo "defined ", libvirt_domain_get_name($dom), "\n";
libvirt_domain_create($dom);
echo "active ", libvirt_domain_is_active($dom), "\n";
echo "state ", libvirt_domain_get_info($dom)["state"], "\n";
libvirt_domain_destroy($dom);
libvirt_domain_undefine($dom);
if (@libvirt_domain_lookup_by_name($conn, "bound") === false) echo "error ", libvirt_get_last_error(), "\n";
