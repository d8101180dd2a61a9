package journal

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"time"

	"scelle/shared/fault"
)

// WriteJSON writes the whole journal as a JSON array of Entry, and checks it on
// the way. Errors: those of Each, fault.WriteFailed; what was written before
// is then incomplete.
func (j *Journal) WriteJSON(w io.Writer) error {
	out := bufio.NewWriter(w)
	separator := "["
	err := j.Each(func(e Entry) error {
		body, err := json.Marshal(e)
		if err != nil {
			return fault.Wrap(fault.Internal, err)
		}
		_, err = fmt.Fprintf(out, "%s\n  %s", separator, body)
		separator = ","
		return fault.Wrap(fault.WriteFailed, err)
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if separator == "[" {
		end = "[]\n"
	}
	_, err = out.WriteString(end)
	if err == nil {
		err = out.Flush()
	}
	return fault.Wrap(fault.WriteFailed, err)
}

// words are what a page says in one language.
type words struct {
	title, intro string
	heads        [7]string
	verbs        map[Verb]string
	done         string
}

func wordsOf(lang string) words {
	if lang == "en" {
		return words{"Journal of key uses", "Each line is one use of a private key of this computer. The chain of the lines was checked when this page was made.",
			[7]string{"No.", "Time (UTC)", "Asked by", "What for", "Certificate (SHA-256)", "Envelope header (SHA-256)", "Outcome"},
			map[Verb]string{Open: "opening of a submission", Prove: "proof of possession", Rewrap: "other recipients", Rehearse: "rehearsal", SelfTest: "test after a key came in", Backup: "protected copy made", Drill: "test of a protected copy", SetAside: "damaged journal set aside"}, "done"}
	}
	return words{"Journal des utilisations de clés", "Chaque ligne est une utilisation d’une clé privée de cet ordinateur. L’enchaînement des lignes a été vérifié quand cette page a été faite.",
		[7]string{"N°", "Date (UTC)", "Demandé par", "Pour quoi", "Certificat (SHA-256)", "En-tête du pli (SHA-256)", "Issue"},
		map[Verb]string{Open: "ouverture d’un pli", Prove: "preuve de possession", Rewrap: "changement de destinataires", Rehearse: "répétition d’ouverture", SelfTest: "essai après l’arrivée d’une clé", Backup: "sauvegarde protégée", Drill: "test d’une sauvegarde", SetAside: "journal endommagé mis de côté"}, "faite"}
}

const style = `body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1f;background:#fff}` +
	`table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #c8c8d0}` +
	`code{font-size:.85em;overflow-wrap:anywhere}@media print{body{margin:0}thead{display:table-header-group}}`

// WritePage writes the whole journal as a page for people, which prints, in
// "fr" or "en". Errors: as WriteJSON.
func (j *Journal) WritePage(w io.Writer, lang string) error {
	t := wordsOf(lang)
	if lang != "en" {
		lang = "fr"
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "<!doctype html>\n<html lang=\"%s\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s – Scellé</title><style>%s</style>\n<h1>%s</h1>\n<p>%s</p>\n<table><thead><tr>",
		lang, t.title, style, t.title, t.intro)
	for _, head := range t.heads {
		fmt.Fprintf(out, "<th scope=\"col\">%s</th>", head)
	}
	fmt.Fprint(out, "</tr></thead><tbody>\n")
	if err := j.Each(func(e Entry) error { return writeRow(out, e, t, lang) }); err != nil {
		return err
	}
	fmt.Fprint(out, "</tbody></table>\n</html>\n")
	return fault.Wrap(fault.WriteFailed, out.Flush())
}

// writeRow writes one use. A bufio.Writer keeps its first error for Flush.
func writeRow(w *bufio.Writer, e Entry, t words, lang string) error {
	outcome := t.done
	if e.Outcome != Done {
		outcome = fault.Code(e.Outcome).Text(lang) + " (" + e.Outcome + ")"
	}
	verb, ok := t.verbs[e.Verb]
	if !ok {
		verb = string(e.Verb)
	}
	_, err := fmt.Fprintf(w, "<tr><td>%d</td><td><time>%s</time></td><td>%s</td><td>%s</td><td><code>%s</code></td><td><code>%s</code></td><td>%s</td></tr>\n",
		e.Number, e.Time.UTC().Format(time.RFC3339), html.EscapeString(e.Origin), html.EscapeString(verb),
		html.EscapeString(e.Key), html.EscapeString(e.Envelope), html.EscapeString(outcome))
	return fault.Wrap(fault.WriteFailed, err)
}
