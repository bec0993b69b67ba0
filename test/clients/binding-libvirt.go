// libvirt-go against any daemon: binding URI. Prints a line for each step and each lifecycle event.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	libvirt "github.com/libvirt/libvirt-go"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	must(libvirt.EventRegisterDefaultImpl())
	go func() {
		for {
			must(libvirt.EventRunDefaultImpl())
		}
	}()
	conn, err := libvirt.NewConnect(os.Args[1])
	must(err)
	domains, err := conn.ListAllDomains(0)
	must(err)
	names := []string{}
	for _, each := range domains {
		name, err := each.GetName()
		must(err)
		names = append(names, name)
	}
	fmt.Println("domains", strings.Join(names, " "))
	events := make(chan string, 16)
	_, err = conn.DomainEventLifecycleRegister(nil, func(_ *libvirt.Connect, dom *libvirt.Domain, event *libvirt.DomainEventLifecycle) {
		name, _ := dom.GetName()
		events <- fmt.Sprintf("event %s %d", name, event.Event)
	})
	must(err)
	xml, err := io.ReadAll(os.Stdin)
	must(err)
	dom, err := conn.DomainDefineXML(string(xml))
	must(err)
	must(dom.Create())
	active, err := dom.IsActive()
	must(err)
	fmt.Println("active", active)
	must(dom.Destroy())
	must(dom.Undefine())
	for seen := 0; seen < 4; seen++ {
		select {
		case event := <-events:
			fmt.Println(event)
		case <-time.After(30 * time.Second):
			must(fmt.Errorf("no more events"))
		}
	}
	_, err = conn.LookupDomainByName("nobody")
	fmt.Println("error", err.(libvirt.Error).Code, err.(libvirt.Error).Message)
	_, err = conn.Close()
	must(err)
}
