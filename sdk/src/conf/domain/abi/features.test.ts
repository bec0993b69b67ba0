import test from "ava";
import { type Changes, refusesChanges } from "./testing/guest.js";

const CHANGES: Changes = [
  ["<acpi/>", "", "State of feature 'acpi' differs: source: 'on', destination: 'default'"],
  ["eoi='on'", "eoi='off'", "State of feature 'apic' differs: source: 'on,eoi=on', destination: 'on,eoi=off'"],
  [
    "<pvspinlock state='on'",
    "<pvspinlock state='off'",
    "State of feature 'pvspinlock' differs: source: 'on', destination: 'off'",
  ],
  [
    "driver='kvm'",
    "driver='qemu'",
    "State of feature 'ioapic' differs: source: 'driver=kvm', destination: 'driver=qemu'",
  ],
  [
    "version='2'/>",
    "version='3'/>",
    "State of feature 'gic' differs: source: 'on,version=2', destination: 'on,version=3'",
  ],
  [
    "value='broken'",
    "value='fixed'",
    "State of feature 'cfpc' differs: source: 'value=broken', destination: 'value=fixed'",
  ],
  [
    "resizing='required'",
    "resizing='enabled'",
    "State of feature 'hpt' differs: source: 'on,resizing=required,maxpagesize=64', destination: 'on,resizing=enabled,maxpagesize=64'",
  ],
  [
    "policy='deny'",
    "policy='allow'",
    "State of feature 'capabilities' differs: source: 'policy=deny', destination: 'policy=allow'",
  ],
  [
    "<relaxed state='on'",
    "<relaxed state='off'",
    "State of HyperV enlightenment feature 'relaxed' differs: source: 'on', destination: 'off'",
  ],
  ["8191", "8192", "HyperV spinlock retry count differs: source: '8191', destination: '8192'"],
  [
    "<direct state='on'",
    "<direct state='off'",
    "State of HyperV stimer direct feature differs: source: 'on', destination: 'off'",
  ],
  ["KVM Hv", "Hv", "HyperV vendor_id differs: source: 'KVM Hv', destination: 'Hv'"],
  [
    "<hidden state='on'",
    "<hidden state='off'",
    "State of KVM feature 'hidden' differs: source: 'on', destination: 'off'",
  ],
  [
    "size='4096'",
    "size='8192'",
    "dirty ring size of KVM feature 'dirty-ring' differs: source: '4096', destination: '8192'",
  ],
  [
    "<e820_host state='on'",
    "<e820_host state='off'",
    "State of Xen feature 'e820_host' differs: source: 'on', destination: 'off'",
  ],
  [
    "mode='share_pt'",
    "mode='sync_pt'",
    "'mode' of Xen passthrough feature differs: source: 'share_pt', destination: 'sync_pt'",
  ],
  ["<tseg unit='MiB'>48</tseg>", "", "SMM TSEG differs: source: specified, destination: 'not specified'"],
  [">48<", ">64<", "Size of SMM TSEG size differs: source: '48 MiB', destination: '64 MiB'"],
  ["check='partial'", "check='full'", "Target CPU check full does not match source partial"],
  ["<model>Haswell", "<model>Nehalem", "Target CPU model Nehalem does not match source Haswell"],
  ["<vendor>Intel", "<vendor>AMD", "Target CPU vendor AMD does not match source Intel"],
  ["cores='2'", "cores='4'", "Target CPU cores 4 does not match source 2"],
  ["bits='42'", "bits='43'", "Target CPU maxphysaddr does not match source"],
  ["<feature policy='require' name='vmx'/>", "", "Target CPU feature count 0 does not match source 1"],
  ["name='vmx'", "name='svm'", "Target CPU feature svm does not match source vmx"],
  ["policy='require'", "policy='force'", "Target CPU feature policy force does not match source require"],
  ["<cache level='3' mode='emulate'/>", "", "Target CPU cache does not match source"],
];

test("a guest keeps its features and its processor", (t) => {
  refusesChanges(t, CHANGES);
});
