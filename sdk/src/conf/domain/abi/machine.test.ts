import test from "ava";
import { type Changes, refusesChanges } from "./testing/guest.js";

const CHANGES: Changes = [
  ["type='kvm'>\n  <name>", "type='qemu'>\n  <name>", "Target domain virt type qemu does not match source kvm"],
  [
    "c7a5fdbd-edaf",
    "00000000-edaf",
    "Target domain uuid 00000000-edaf-9455-926a-d65c16db1809 does not match source c7a5fdbd-edaf-9455-926a-d65c16db1809",
  ],
  ["<genid>e9392370-2917-565e-692b-d057f46512d6</genid>", "", "Target domain requested genid does not match source"],
  [
    "e9392370",
    "00000000",
    "Target domain genid 00000000-2917-565e-692b-d057f46512d6 does not match source e9392370-2917-565e-692b-d057f46512d6",
  ],
  ["<name>guest", "<name>other", "Target domain name 'other' does not match source 'guest'"],
  [">2097152<", ">3097152<", "Target domain max memory 2441792 does not match source 1441792"],
  [">1048576<", ">1048000<", "Target domain current memory 1048000 does not match source 1048576"],
  [
    ">1099511627776<",
    ">1099511627775<",
    "Target maximum memory size '1099511627775' doesn't match source '1099511627776'",
  ],
  ["slots='16'", "slots='8'", "Target domain memory slots count '8' doesn't match source '16'"],
  [
    "memory='524288'/>",
    "memory='524288'/><cell id='2' memory='1024'/>",
    "Target NUMA node count '3' doesn't match source '2'",
  ],
  ["memory='524288'", "memory='524287'", "Size of target NUMA node 1 (524287) doesn't match source (524288)"],
  ["cpus='2-3'", "cpus='3'", "Processor mask of target NUMA node 1 doesn't match source"],
  ["value='21'", "value='22'", "Target NUMA distance from 0 to 1 doesn't match source"],
  ["'2'>4<", "'2'>5<", "Target domain vCPU max 5 does not match source 4"],
  ["<vcpu current='2'", "<vcpu current='3'", "State of vCPU '2' differs between source and destination definitions"],
  [">hvm<", ">xen<", "Target domain OS type xen does not match source hvm"],
  ["arch='x86_64'", "arch='i686'", "Target domain architecture i686 does not match source x86_64"],
  ["pc-q35-7.2", "pc", "Target domain machine type pc does not match source pc-q35-7.2"],
  ["mode='sysinfo'", "mode='host'", "Target domain SMBIOS mode host does not match source sysinfo"],
  [
    "<timer name='tsc' present='yes' frequency='3504000000' mode='paravirt'/>",
    "",
    "Target domain timers do not match source",
  ],
  ["present='yes'", "present='no'", "Target timer presence 'no' does not match source 'yes'"],
  ["3504000000", "3500000000", "Target TSC frequency 3500000000 does not match source 3504000000"],
  ["mode='paravirt'", "mode='native'", "Target TSC mode native does not match source paravirt"],
  [">LENOVO<", ">DELL<", "Target sysinfo BIOS vendor DELL does not match source LENOVO"],
  [">Virt<", ">Real<", "Target sysinfo system product Real does not match source Virt"],
  [
    "<baseBoard><entry name='serial'>1</entry></baseBoard>",
    "",
    "Target sysinfo base board count '0' does not match source '1'",
  ],
  ["<entry name='sku'>2<", "<entry name='sku'>3<", "Target sysinfo chassis sku 3 does not match source 2"],
];

test("a guest keeps its name, memory, processors' number, machine, clock and firmware tables", (t) => {
  refusesChanges(t, CHANGES);
});
