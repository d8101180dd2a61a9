package serve

import (
	"context"
	"runtime"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// Hello answers host.hello. An extension that is too old for this host is told
// so (fault.ExtensionOutdated); one that is too new sees it in Protocol.
func (s *Service) Hello(_ context.Context, p protocol.HelloParams) (protocol.HelloResult, error) {
	if p.Protocol < version.MinProtocol {
		return protocol.HelloResult{}, fault.Newf(fault.ExtensionOutdated, "%d", p.Protocol)
	}
	return protocol.HelloResult{
		Version:     version.Version,
		Protocol:    version.Protocol,
		MinProtocol: version.MinProtocol,
		OS:          runtime.GOOS,
		Arch:        runtime.GOARCH,
		Package:     s.packed(),
		AsksPIN:     s.window != nil && s.window.Available(),
	}, nil
}
