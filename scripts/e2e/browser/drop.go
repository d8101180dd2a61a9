package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Dropper is a page onto which files can be dragged: Chromium's.
type Dropper interface {
	// Drop drags files from outside onto the middle of an element, with the
	// trusted events that a person's hand makes.
	Drop(selector string, paths ...string) error
}

// Drop is described at Dropper.
func (p *tab) Drop(selector string, paths ...string) error {
	var at struct{ X, Y float64 }
	err := p.Visible(selector)
	if err == nil {
		err = p.Eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({ block: "center" });
			const r = e.getBoundingClientRect(); return { X: r.x + r.width / 2, Y: r.y + r.height / 2 }; })()`, selector), &at)
	}
	const copying = 1 // DragData.DragOperationsMask
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: copying}
	for _, step := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		if err != nil {
			break
		}
		ctx, cancel := context.WithTimeout(p.ctx, Patience)
		_, err = chromedp.Call(ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: step, X: at.X, Y: at.Y, Data: data})
		cancel()
	}
	return p.Explain("dropping files on "+selector, err)
}
