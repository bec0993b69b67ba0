#!/usr/bin/perl
# calls.pl URI XML_FILE: takes a domain from definition to end through libvirt's Perl binding, with events.
# Prints one line per call, as calls.py does.
use strict;
use warnings;
use Sys::Virt;
use Sys::Virt::Event;

my ($uri, $file) = @ARGV;
$| = 1;
open(my $handle, "<", $file) or die "$file: $!";
my $xml = do { local $/; <$handle> };
my $type = $uri =~ /^qemu/ ? "qemu" : "test";

sub show { print join(" ", @_), "\n" }

sub call {
    my ($name, $function) = @_;
    my @value = eval { $function->() };
    if (my $error = $@) {
        return show("$name:", ref $error ? ("error", $error->code, $error->domain, $error->level, $error->message) : $error);
    }
    show("$name:", map { defined $_ ? $_ : "-" } @value);
}

Sys::Virt::Event::register_default();
my $conn = Sys::Virt->new(uri => $uri);
my (@events, $probed);
$conn->domain_event_register_any(undef, Sys::Virt::Domain::EVENT_ID_LIFECYCLE, sub {
    my ($c, $domain, $event, $detail) = @_;
    if ($domain->get_name eq "probe") { $probed = 1 } else { push @events, join(" ", $domain->get_name, $event, $detail) }
});

call("hypervisor", sub { ($conn->get_type, $conn->get_version) });
call("hostname", sub { $conn->get_hostname });
call("node", sub { my $info = $conn->get_node_info; map { "$_=$info->{$_}" } qw(model cpus nodes sockets cores threads) });
call("capabilities", sub { $conn->get_capabilities =~ /<guest>/ ? "guests" : "none" });
call("lookup of nobody", sub { $conn->get_domain_by_name("nobody")->get_name });
call("define nonsense", sub { eval { $conn->define_domain("<domain>") }; ($@->code, $@->domain) });

my $domain;
call("define", sub { $domain = $conn->define_domain($xml); ($domain->get_name, $domain->get_uuid_string) });
call("is", sub { map { $_ ? 1 : 0 } ($domain->is_active, $domain->is_persistent, $domain->get_autostart) });
call("max memory", sub { $domain->get_max_memory });
# libvirt's test driver cannot do it.
if ($type eq "qemu") {
    call("create paused", sub { $domain->create(Sys::Virt::Domain::START_PAUSED) });
    call("state", sub { $domain->get_state });
    call("resume", sub { $domain->resume });
}
call("create", sub { $domain->create });
call("state", sub { $domain->get_state });
call("info", sub { my $info = $domain->get_info; map { "$_=$info->{$_}" } qw(state maxMem nrVirtCpu) });
call("list", sub { sort map { $_->get_name } $conn->list_all_domains(Sys::Virt::Domain::LIST_ACTIVE) });
call("stats", sub { sort map { join " ", $_->{dom}->get_name, $_->{data}{"state.state"} } $conn->get_all_domain_stats(Sys::Virt::Domain::STATS_STATE) });
call("suspend", sub { $domain->suspend });
call("xml", sub { $domain->get_xml_description(Sys::Virt::Domain::XML_INACTIVE) });
call("destroy", sub { $domain->destroy });
call("undefine", sub { $domain->undefine });
call("create xml", sub { my $transient = $conn->create_domain($xml); $transient->destroy; "done" });

my $probe = $conn->define_domain("<domain type='$type'><name>probe</name><memory>1024</memory><os><type>hvm</type></os></domain>");
$probe->undefine;
Sys::Virt::Event::run_default() until $probed;
show("event:", $_) for @events;
