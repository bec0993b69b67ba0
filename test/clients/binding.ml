(* libvirt-ocaml against any daemon: binding URI, the document as one line on standard input. Prints a line for each step and each
   lifecycle event. *)
module Connect = Libvirt.Connect
module Domain = Libvirt.Domain
module Event = Libvirt.Event

let kind = function
  | `Defined _ -> "defined"
  | `Undefined _ -> "undefined"
  | `Started _ -> "started"
  | `Stopped _ -> "stopped"
  | _ -> "other"

let seen = ref 0

let heard domain event =
  Printf.printf "event %s %s\n%!" (Domain.get_name domain) (kind event);
  incr seen

let () =
  Event.register_default_impl ();
  let conn = Connect.connect ~name:Sys.argv.(1) () in
  let names = List.map Domain.get_name (Domain.get_domains conn [ Domain.ListAll ]) in
  Printf.printf "domains %s\n%!" (String.concat " " names);
  ignore (Event.register_any conn (Event.Lifecycle heard));
  ignore (Event.add_timeout conn 30_000 (fun () -> failwith "no more events"));
  let xml = input_line stdin in
  let domain = Domain.define_xml conn xml in
  Domain.create domain;
  Printf.printf "active %b\n%!" ((Domain.get_info domain).Domain.state = Domain.InfoRunning);
  Domain.destroy domain;
  (* To this binding a domain that was destroyed is gone. *)
  Domain.undefine (Domain.lookup_by_name conn "bound");
  while !seen < 4 do
    Event.run_default_impl ()
  done;
  (try ignore (Domain.lookup_by_name conn "nobody")
   with Libvirt.Virterror error -> Printf.printf "error %s\n%!" (Libvirt.Virterror.to_string error));
  Connect.close conn
