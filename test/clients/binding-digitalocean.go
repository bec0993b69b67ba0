// digitalocean's go-libvirt, which speaks the protocol itself, against the daemon at a socket: binding SOCKET URI.
// Prints a line for each step and each lifecycle event.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	virt := libvirt.NewWithDialer(dialers.NewLocal(dialers.WithSocket(os.Args[1])))
	must(virt.ConnectToURI(libvirt.ConnectURI(os.Args[2])))
	domains, _, err := virt.ConnectListAllDomains(1, 0)
	must(err)
	names := []string{}
	for _, each := range domains {
		names = append(names, each.Name)
	}
	fmt.Println("domains", strings.Join(names, " "))
	events, err := virt.LifecycleEvents(context.Background())
	must(err)
	xml, err := io.ReadAll(os.Stdin)
	must(err)
	dom, err := virt.DomainDefineXML(string(xml))
	must(err)
	must(virt.DomainCreate(dom))
	active, err := virt.DomainIsActive(dom)
	must(err)
	fmt.Println("active", active)
	must(virt.DomainDestroy(dom))
	must(virt.DomainUndefine(dom))
	for seen := 0; seen < 4; seen++ {
		select {
		case event := <-events:
			fmt.Println("event", event.Dom.Name, event.Event)
		case <-time.After(30 * time.Second):
			must(errors.New("no more events"))
		}
	}
	_, err = virt.DomainLookupByName("nobody")
	fmt.Println("error", err)
	must(virt.Disconnect())
}
