package main

import (
	"scelle/shared/policy"
	"scelle/shared/protocol"
)

// target is who reads a registry key, and so a category of the group policy
// editor.
type target struct {
	name   string
	title  policy.Words
	reader policy.Reader
	key    string // below HKEY_LOCAL_MACHINE
	force  string // key that installs the extension, "" where another template has it
}

// targets are the browsers and the host. Where a browser finds an extension's
// settings: chromium.org/administrators/configuring-policy-for-extensions, and
// for Firefox the policy 3rdparty of github.com/mozilla/policy-templates.
func targets() []target {
	same := func(s string) policy.Words { return policy.Words{French: s, English: s} }
	const settings, extensions = `\ExtensionSettings\`, `\3rdparty\extensions\`
	return []target{
		{"Chrome", same("Google Chrome"), policy.Extension, `Software\Policies\Google\Chrome` + extensions + protocol.ChromeID + `\policy`, `Software\Policies\Google\Chrome` + settings + protocol.ChromeID},
		{"Edge", same("Microsoft Edge"), policy.Extension, `Software\Policies\Microsoft\Edge` + extensions + protocol.ChromeID + `\policy`, `Software\Policies\Microsoft\Edge` + settings + protocol.ChromeID},
		{"Firefox", same("Firefox"), policy.Extension, `Software\Policies\Mozilla\Firefox\3rdparty\Extensions\` + protocol.FirefoxID, ""},
		{"Host", policy.Words{French: "Programme", English: "Program"}, policy.Host, `Software\Policies\Scelle`, ""},
	}
}

// words are the texts that are not the table's.
func words() map[string]policy.Words {
	return map[string]policy.Words{
		"Scelle":    {French: "Scellé", English: "Scellé"},
		"Supported": {French: "Scellé 0.1 ou ultérieur", English: "Scellé 0.1 or later"},
		"Install":   {French: "Installer l’extension Scellé", English: "Install Scellé’s extension"},
		"Install_Text": {
			French:  "Installe l’extension depuis l’adresse donnée et empêche de l’ôter. Hors d’un domaine, Windows n’accepte que l’adresse d’un magasin d’extensions. Pour Firefox, utilisez la stratégie ExtensionSettings du modèle de Mozilla ; pour permettre le programme « " + protocol.HostName + " » là où d’autres sont interdits, la stratégie NativeMessagingAllowlist du modèle du navigateur.",
			English: "Installs the extension from the given address and keeps it from being removed. Outside a domain, Windows only accepts the address of an extension store. For Firefox, use the policy ExtensionSettings of Mozilla’s template; to allow the program “" + protocol.HostName + "” where others are forbidden, the policy NativeMessagingAllowlist of the browser’s template.",
		},
	}
}

// templates makes scelle.admx and its texts in both languages
// (learn.microsoft.com/previous-versions/windows/desktop/Policy/admx-schema).
func templates() ([]file, error) {
	files := []file{{Path: kit + "windows/scelle.admx", Data: document("", definitions())}}
	for _, l := range languages() {
		files = append(files, file{Path: kit + "windows/" + l.culture + "/scelle.adml", Data: document("", l.resources())})
	}
	return files, nil
}

const schemaNamespace = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"

func definitions() node {
	categories := []node{element("category", attrs("name", "Scelle", "displayName", "$(string.Scelle)"))}
	var policies []node
	for _, t := range targets() {
		categories = append(categories, element("category", attrs("name", t.name, "displayName", "$(string."+t.name+")"),
			element("parentCategory", attrs("ref", "Scelle"))))
		if t.force != "" {
			policies = append(policies, t.install())
		}
		for _, s := range of(t.reader) {
			policies = append(policies, t.policy(s))
		}
	}
	return element("policyDefinitions", attrs("revision", "1.0", "schemaVersion", "1.0", "xmlns", schemaNamespace),
		element("policyNamespaces", nil, element("target", attrs("prefix", "scelle", "namespace", "Scelle.Policies"))),
		element("resources", attrs("minRequiredRevision", "1.0")),
		element("supportedOn", nil, element("definitions", nil,
			element("definition", attrs("name", "Supported", "displayName", "$(string.Supported)")))),
		element("categories", nil, categories...),
		element("policies", nil, policies...))
}

// head is what all policies have; the elements differ.
func (t target) head(name, text, key string, more ...string) node {
	return element("policy", append(attrs(
		"name", t.name+"_"+name, "class", "Machine", "displayName", "$(string."+text+")",
		"explainText", "$(string."+text+"_Text)", "key", key), more...),
		element("parentCategory", attrs("ref", t.name)),
		element("supportedOn", attrs("ref", "Supported")))
}

// policy is one setting for one target.
func (t target) policy(s policy.Setting) node {
	presentation := attrs("presentation", "$(presentation."+t.name+"_"+s.Name+")")
	switch s.Kind {
	case policy.Texts:
		n := t.head(s.Name, s.Name, t.key, presentation...)
		list := element("list", attrs("id", "List", "key", t.key+`\`+s.Name, "valuePrefix", ""))
		n.kids = append(n.kids, element("elements", nil, list))
		return n
	case policy.Truth:
		n := t.head(s.Name, s.Name, t.key, "valueName", s.Name)
		n.kids = append(n.kids,
			element("enabledValue", nil, element("decimal", attrs("value", "1"))),
			element("disabledValue", nil, element("decimal", attrs("value", "0"))))
		return n
	}
	n := t.head(s.Name, s.Name, t.key, presentation...)
	if s.Kind == policy.Folder {
		n.kids = append(n.kids, element("elements", nil, element("text", attrs("id", "Address", "valueName", s.Name, "required", "true"))))
		return n
	}
	var items []node
	for _, o := range s.Choices {
		items = append(items, element("item", attrs("displayName", "$(string."+s.Name+"_"+o.Value+")"),
			element("value", nil, textElement("string", nil, o.Value))))
	}
	n.kids = append(n.kids, element("elements", nil, element("enum", attrs("id", "Choice", "valueName", s.Name, "required", "true"), items...)))
	return n
}

// install is the policy that installs the extension.
func (t target) install() node {
	n := t.head("Install", "Install", t.force, "presentation", "$(presentation."+t.name+"_Install)")
	mode := func(value node) node {
		return element("item", attrs("key", t.force, "valueName", "installation_mode"), element("value", nil, value))
	}
	n.kids = append(n.kids,
		element("enabledList", nil, mode(textElement("string", nil, "force_installed"))),
		element("disabledList", nil, mode(element("delete", nil))),
		element("elements", nil, element("text", attrs("id", "Address", "valueName", "update_url", "required", "true"))))
	return n
}

// language is one ADML file.
type language struct {
	culture string
	in      func(policy.Words) string
}

func languages() []language {
	return []language{
		{"fr-FR", func(w policy.Words) string { return w.French }},
		{"en-US", func(w policy.Words) string { return w.English }},
	}
}

func (l language) resources() node {
	var texts, presentations []node
	say := func(id string, w policy.Words) {
		texts = append(texts, textElement("string", attrs("id", id), l.in(w)))
	}
	for _, id := range []string{"Scelle", "Supported", "Install", "Install_Text"} {
		say(id, words()[id])
	}
	for _, s := range policy.Settings() {
		say(s.Name, s.Title)
		say(s.Name+"_Text", s.Text)
		for _, o := range s.Choices {
			say(s.Name+"_"+o.Value, o.Title)
		}
	}
	for _, t := range targets() {
		say(t.name, t.title)
		if t.force != "" {
			address := element("textBox", attrs("refId", "Address"),
				textElement("label", nil, l.in(policy.Words{French: "Adresse de mise à jour", English: "Update address"})),
				textElement("defaultValue", nil, updateURL))
			presentations = append(presentations, element("presentation", attrs("id", t.name+"_Install"), address))
		}
		for _, s := range of(t.reader) {
			switch s.Kind {
			case policy.Texts:
				presentations = append(presentations, element("presentation", attrs("id", t.name+"_"+s.Name), textElement("listBox", attrs("refId", "List"), l.in(s.Title))))
			case policy.Folder:
				presentations = append(presentations, element("presentation", attrs("id", t.name+"_"+s.Name), element("textBox", attrs("refId", "Address"), textElement("label", nil, l.in(s.Title)))))
			case policy.Choice:
				presentations = append(presentations, element("presentation", attrs("id", t.name+"_"+s.Name), textElement("dropdownList", attrs("refId", "Choice", "noSort", "true", "defaultItem", "0"), l.in(s.Title))))
			}
		}
	}
	return element("policyDefinitionResources", attrs("revision", "1.0", "schemaVersion", "1.0", "xmlns", schemaNamespace),
		textElement("displayName", nil, "Scellé"), textElement("description", nil, "Scellé"),
		element("resources", nil, element("stringTable", nil, texts...), element("presentationTable", nil, presentations...)))
}
