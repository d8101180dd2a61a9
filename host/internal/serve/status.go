package serve

import (
	"context"
	"runtime"

	"scelle/host/internal/keystore"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// Status answers host.status.
func (s *Service) Status(ctx context.Context, _ protocol.Empty) (protocol.HostStatusResult, error) {
	result := protocol.HostStatusResult{Version: version.Version, OS: runtime.GOOS, Confined: string(s.confined)}
	result.Stores = make([]protocol.StoreStatus, len(s.stores()))
	look := func(store keystore.Store) protocol.StoreStatus { return storeStatus(store.Status(ctx)) }
	for i, status := range ask(s, look) {
		result.Stores[i] = status
	}
	return result, nil
}

// storeStatus is the wire form of a store's status.
func storeStatus(status keystore.Status) protocol.StoreStatus {
	mechanisms := []string{}
	for _, m := range status.Capabilities.Mechanisms {
		mechanisms = append(mechanisms, string(m))
	}
	var modules []protocol.ModuleStatus
	for _, m := range status.Modules {
		modules = append(modules, protocol.ModuleStatus{Path: m.Path, Tokens: m.Tokens, Fault: protocol.FaultOf(m.Err)})
	}
	return protocol.StoreStatus{
		ID:           status.ID,
		Name:         status.Name,
		Location:     status.Location,
		State:        string(status.State),
		Fault:        protocol.FaultOf(status.Err),
		Certificates: status.Certificates,
		Keys:         status.Keys,
		Import:       status.Capabilities.Import && takesKeys(status.State),
		Mechanisms:   mechanisms,
		Modules:      modules,
	}
}
