package cli

import (
	"context"

	"scelle/host/internal/serve"
)

// fromBrowser answers the browser that started the host.
func (c *command) fromBrowser(ctx context.Context, args []string) error {
	if err := serve.Caller(args); err != nil {
		return err
	}
	closeMemory()
	c.reached = true
	c.confined = c.Confine()
	return c.answer(ctx)
}

// serve is the same for a developer who plays the browser, and who may attach
// a debugger. Without an origin that Scellé's extension could have, it is
// refused as a browser's start with another would be.
func (c *command) serve(ctx context.Context, args []string) error {
	f := c.flags("serve")
	caller := f.String("caller", "", "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := serve.DeveloperCaller(*caller); err != nil {
		return err
	}
	return c.answer(ctx)
}

func (c *command) answer(ctx context.Context) error {
	outliveBrowser()
	frames, err := c.Frames()
	if err != nil {
		return err
	}
	service, done := c.host()
	defer done()
	return service.Serve(ctx, c.In, frames)
}
