package ui

import (
	"cmp"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/cardreader/pkcs11"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// modulesSection is every module, what names it, and what it shows.
func (i *integrationScreen) modulesSection() fyne.CanvasObject {
	s := i.speaker
	probes := i.survey.Probes
	if len(probes) == 0 && len(i.survey.Undeclared) == 0 {
		return nil
	}
	tone := wording.Good
	for _, p := range probes {
		tone = max(tone, wording.ModuleStatus(s, p).Tone)
		if len(p.File.WorldWritable) > 0 {
			tone = max(tone, wording.Warning)
		}
	}
	if len(i.survey.Undeclared) > 0 {
		tone = max(tone, wording.Warning)
	}
	answering, _ := split(probes)
	title := "integration.modules"
	if tone >= wording.Warning && len(answering) == len(probes) {
		title = "integration.modules.remark" // the sign warns of something else
	}
	f, box := i.newSection(s.Say(title, "Answering", len(answering), "All", len(probes)), tone, func() fyne.CanvasObject {
		all := container.NewVBox()
		for _, p := range probes {
			all.Add(i.newModule(p))
		}
		for n, err := range i.survey.Undeclared {
			if n == mostItems {
				break
			}
			all.Add(i.newStatement(wording.Statement{Tone: wording.Warning, Title: s.Say("integration.undeclared"), Meaning: wording.FileFailure(s, err)}))
		}
		return all
	})
	f.Open()
	return box
}

func (i *integrationScreen) newModule(p pkcs11.Probe) fyne.CanvasObject {
	s := i.speaker
	status := wording.ModuleStatus(s, p)
	title := newWords(s.Say("ui.labelled", "Label", status.Label, "Value", status.Value))
	title.TextStyle.Bold = true
	words := tight(signed(widget.NewIcon(toneIcon(status.Tone)), 20, 9, title), newPrint(line(p.Module.Path)))
	if detail := wording.ModuleDetail(p); detail != "" {
		words.Add(newWords(s.Say("ui.cause", "Cause", detail)))
	}
	for _, by := range wording.Declarations(s, p.Module) {
		words.Add(newCaption(by))
	}
	if info := present(p.Info.Manufacturer, p.Info.Description, p.Info.Version); info != "" {
		words.Add(newCaption(s.Say("integration.info", "Library", info, "Cryptoki", line(p.Info.Cryptoki))))
	}
	if warning := wording.Writable(s, p.File); warning != "" {
		words.Add(signed(widget.NewIcon(toneIcon(wording.Warning)), 18, 9, newWords(s.Say("ui.labelled", "Label", toneWord(s, wording.Warning), "Value", warning))))
	}
	all := container.NewVBox(words)
	for n, slot := range p.Slots {
		if n == mostItems {
			all.Add(i.newMore(len(p.Slots) - n))
			break
		}
		all.Add(i.newSlot(slot))
	}
	return newPanel(all)
}

// present joins the strings that hold something.
func present(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = line(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ", ")
}

func (i *integrationScreen) newMore(count int) fyne.CanvasObject {
	return newCaption(i.speaker.Say("integration.more", "Count", count))
}

func (i *integrationScreen) newSlot(slot pkcs11.Slot) fyne.CanvasObject {
	s := i.speaker
	name := plaintext.Line(slot.Description, 60)
	switch {
	case slot.Failure != nil:
		return signed(widget.NewIcon(toneIcon(wording.Warning)), 18, 9, newWords(s.Say("integration.slot.failed", "Slot", slot.ID, "Name", name, "Failure", failure(*slot.Failure))))
	case slot.Token == nil:
		return newWords(s.Say("integration.slot.empty", "Slot", slot.ID, "Name", name))
	}
	t := slot.Token
	_, box := i.newFold(s.Say("integration.slot", "Slot", slot.ID, "Name", name, "Label", cmp.Or(plaintext.Line(t.Label, 60), "–"), "Count", len(t.Objects)), nil,
		func() fyne.CanvasObject { return i.newToken(*t) })
	return box
}

func failure(f pkcs11.Failure) string { return present(f.Call, f.Code, f.Detail) }

func (i *integrationScreen) newToken(t pkcs11.Token) fyne.CanvasObject {
	s := i.speaker
	all := container.NewVBox(newFacts(215,
		plain(s.Say("integration.token.serial"), t.Serial),
		plain(s.Say("integration.token.model"), t.Model),
		plain(s.Say("integration.token.maker"), t.Manufacturer),
		plain(s.Say("integration.token.flags"), strings.Join(t.Flags, ", ")),
	))
	for _, f := range t.Failures[:min(len(t.Failures), mostItems)] {
		all.Add(signed(widget.NewIcon(toneIcon(wording.Warning)), 18, 9, newWords(failure(f))))
	}
	if len(t.Mechanisms) > 0 {
		_, box := i.newFold(s.Say("integration.mechanisms", "Count", len(t.Mechanisms)), nil, func() fyne.CanvasObject {
			var lines []string
			for _, m := range t.Mechanisms[:min(len(t.Mechanisms), mostItems)] {
				lines = append(lines, line(fmt.Sprintf("%s %d–%d %s", m.Name, m.LeastKB, m.MostKB, strings.Join(m.Flags, " "))))
			}
			return newPrint(strings.Join(lines, "\n"))
		})
		all.Add(box)
	}
	i.addObjects(all, t.Objects)
	return all
}

// classNames are the classes of PKCS#11 in words.
func (i *integrationScreen) className(class string) string {
	s := i.speaker
	switch class {
	case "certificate":
		return s.Say("integration.class.certificate")
	case "public-key":
		return s.Say("integration.class.public-key")
	case "private-key":
		return s.Say("integration.class.private-key")
	case "data":
		return s.Say("integration.class.data")
	}
	return plaintext.Line(class, 40)
}

func (i *integrationScreen) addObjects(to *fyne.Container, objects []pkcs11.Object) {
	for n, o := range objects {
		if n == mostItems {
			to.Add(i.newMore(len(objects) - n))
			return
		}
		_, box := i.newFold(i.speaker.Say("ui.labelled", "Label", i.className(o.Class), "Value", cmp.Or(plaintext.Line(o.Label, 80), "–")), nil,
			func() fyne.CanvasObject { return i.newObject(o) })
		to.Add(box)
	}
}

// newObject shows the raw bytes of an object beside what they mean.
func (i *integrationScreen) newObject(o pkcs11.Object) fyne.CanvasObject {
	s := i.speaker
	var meaning []fyne.CanvasObject
	key := o.KeyType
	if o.Bits > 0 {
		key = fmt.Sprintf("%s %d", o.KeyType, o.Bits)
	}
	meaning = append(meaning, newFacts(180,
		plain("CKA_ID", fmt.Sprintf("%X", o.ID)),
		plain(s.Say("integration.object.key"), key),
		plain(s.Say("integration.object.usage"), strings.Join(o.Usage, ", ")),
		plain("CKA_APPLICATION", o.Application),
	))
	switch {
	case len(o.Value) == 0:
	case o.Class == "data":
		meaning = append(meaning, i.newFields(o.Value))
	case o.Class == "certificate":
		e := igcsante.Examine(o.Value, nil, i.now())
		meaning = append(meaning, newFacts(240,
			plain(s.Say("integration.certificate.subject"), e.Subject), plain(s.Say("integration.certificate.issuer"), e.Issuer),
			wording.CertificateValidity(s, e.Validity), plain("SHA-256", e.SHA256)))
	}
	for _, f := range o.Failures[:min(len(o.Failures), mostItems)] {
		meaning = append(meaning, signed(widget.NewIcon(toneIcon(wording.Warning)), 18, 9, newWords(failure(f))))
	}
	right := container.NewVBox(meaning...)
	if len(o.Value) == 0 {
		return right
	}
	return container.New(&fill{least: 350, gap: gap, most: 2}, newPrint(dump(o.Value)), right)
}

// newFields is the decoding of a business file, element by element.
func (i *integrationScreen) newFields(value []byte) fyne.CanvasObject {
	fields, err := cps.Decode(value)
	all := container.New(&fill{least: 180, gap: 2, most: 2})
	for n, f := range fields {
		if n == mostItems {
			all.Add(i.newMore(len(fields) - n))
			break
		}
		value := line(f.Value)
		if f.Label != "" {
			value = i.speaker.Say("integration.field", "Value", value, "Label", line(f.Label))
		}
		caption := strings.TrimSpace(f.Tag + "  " + f.Name)
		cell := tight(newCaption(line(caption)), newWords(cmp.Or(value, "–")))
		if hex := fmt.Sprintf("% X", f.Raw[:min(len(f.Raw), 64)]); strings.ReplaceAll(hex, " ", "") != f.Value {
			cell.Add(newPrint(hex))
		}
		all.Add(cell)
	}
	if err != nil {
		return container.NewVBox(all, signed(widget.NewIcon(toneIcon(wording.Warning)), 18, 9, newWords(i.speaker.Say("integration.undecoded", "Cause", wording.Cause(err)))))
	}
	return all
}
