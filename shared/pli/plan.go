package pli

import "scelle/shared/fault"

// Plan is a pli without the bytes of its files, for a caller that moves those
// itself: for each file in turn Before, its bytes, After.
type Plan struct {
	manifest Manifest
	layout   *layout
}

// NewPlan lays a pli out. Names are made safe and distinct and texts cleaned:
// Manifest returns what will be written. Errors: fault.NoFile without a file,
// fault.EnvelopeTooLarge above the limits, fault.BadRequest (its detail is the
// field) for what no pli may say.
func NewPlan(m Manifest) (*Plan, error) { return newPlan(m, max32) }

func newPlan(m Manifest, far int64) (*Plan, error) {
	switch {
	case len(m.Files) == 0:
		return nil, fault.New(fault.NoFile)
	case len(m.Files) > MaxFiles:
		return nil, fault.Newf(fault.EnvelopeTooLarge, "%d files", len(m.Files))
	}
	m = m.normalise()
	if p := m.problem(); p != "" {
		return nil, fault.Newf(fault.BadRequest, "%s", p)
	}
	document, err := m.encode()
	if err != nil {
		return nil, err
	}
	if len(document) > MaxManifest {
		return nil, fault.Newf(fault.EnvelopeTooLarge, "pli.json")
	}
	l := newLayout(document, m.Files, far)
	if l.size() > MaxSize {
		return nil, fault.New(fault.EnvelopeTooLarge)
	}
	return &Plan{manifest: m, layout: l}, nil
}

// Size returns the exact length in bytes of the pli for m; errors as for
// NewPlan.
func Size(m Manifest) (int64, error) {
	p, err := NewPlan(m)
	if err != nil {
		return 0, err
	}
	return p.Size(), nil
}

// Size is the exact length of the whole pli in bytes.
func (p *Plan) Size() int64 { return p.layout.size() }

// Manifest is what is being written, with the final names.
func (p *Plan) Manifest() Manifest { return p.manifest }

// Before is what goes before the bytes of file i of the manifest.
func (p *Plan) Before(i int) []byte {
	header := p.layout.entries[2+i].local()
	if i > 0 {
		return header
	}
	return append(p.layout.head(), header...)
}

// After is what goes behind the bytes of file i, whose CRC-32 (IEEE) is crc.
// It is to be called once for each file, in their order: behind the last one
// stands the directory with what the calls before it said.
func (p *Plan) After(i int, crc uint32) []byte {
	e := &p.layout.entries[2+i]
	e.crc = crc
	if i+1 < len(p.manifest.Files) {
		return e.descriptor()
	}
	return append(e.descriptor(), p.layout.tail()...)
}
