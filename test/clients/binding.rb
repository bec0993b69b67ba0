# ruby-libvirt against any daemon: binding.rb URI. Prints a line for each step and each lifecycle event.
require "libvirt"

$stdout.sync = true
handles = {}
timers = {}

# The binding brings no event loop: what the library asks to be watched is kept here, and looked after by `turn`.
Libvirt.event_register_impl(
  lambda { |fd, events, opaque| handles[fd] = [events, opaque]; fd },
  lambda { |watch, events| handles[watch][0] = events if handles[watch] },
  lambda { |watch| handles.delete(watch)&.at(1) },
  lambda { |interval, opaque| timers[timers.size] = [interval, opaque]; timers.size - 1 },
  lambda { |timer, interval| timers[timer][0] = interval },
  lambda { |timer| timers[timer][1] }
)

turn = lambda do
  readable = handles.select { |_, (events, _)| events & Libvirt::EVENT_HANDLE_READABLE != 0 }.keys
  ready, = IO.select(readable.map { |fd| IO.for_fd(fd, autoclose: false) }, nil, nil, 0.05)
  (ready || []).map(&:fileno).each do |fd|
    Libvirt.event_invoke_handle_callback(fd, fd, Libvirt::EVENT_HANDLE_READABLE, handles[fd][1]) if handles[fd]
  end
  # Events wait in a timer without an interval; no other timer matters here.
  timers.each { |timer, (interval, opaque)| Libvirt.event_invoke_timeout_callback(timer, opaque) if interval == 0 }
end

conn = Libvirt.open(ARGV[0])
puts "domains #{conn.list_all_domains.map(&:name).join(" ")}"
seen = 0
heard = lambda { |_conn, dom, event, _detail, _opaque| puts "event #{dom.name} #{event}"; seen += 1 }
conn.domain_event_register_any(Libvirt::Connect::DOMAIN_EVENT_ID_LIFECYCLE, heard)
dom = conn.define_domain_xml(STDIN.read)
dom.create
puts "active #{dom.active?}"
dom.destroy
dom.undefine
deadline = Time.now + 30
turn.call while seen < 4 && Time.now < deadline
begin
  conn.lookup_domain_by_name("nobody")
rescue Libvirt::RetrieveError => error
  puts "error #{error.libvirt_code} #{error.libvirt_message}"
end
# With an event loop the binding cannot close a connection, whatever the daemon: it frees a watch within the call that removes
# it, while the library holds the lock that the freeing needs. So neither this program nor Ruby's collector closes it.
exit!(true)
