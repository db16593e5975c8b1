package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/igcsante"
	"postecpx/internal/plaintext"
	"postecpx/internal/wording"
)

// comparisonSection puts what each witness tells side by side, what is told
// otherwise first. There is none without a card.
func (i *integrationScreen) comparisonSection() fyne.CanvasObject {
	c := i.survey.Comparison
	if c == nil {
		return nil
	}
	s := i.speaker
	agreeing, contradicting, blind := opinions(c)
	tone := wording.Good
	switch {
	case len(contradicting) > 0:
		tone = wording.Bad
	case len(agreeing) == 0:
		tone = wording.Warning
	}
	f, box := i.newSection(s.Say("integration.comparison"), tone, func() fyne.CanvasObject {
		all := container.NewVBox()
		for n, d := range c.Disagreements {
			if n == mostItems {
				all.Add(i.newMore(len(c.Disagreements) - n))
				break
			}
			all.Add(i.newStatement(wording.Disagreement(s, d)))
		}
		if len(blind) > 0 {
			all.Add(newWords(s.Say("integration.some-blind", "Count", len(blind), "Modules", namesOf(blind))))
		}
		for _, r := range c.Rows {
			all.Add(i.newRow(*c, r))
		}
		return newPanel(all)
	})
	f.Open()
	return box
}

// newRow is one fact in the words of each witness that sees the card. Each word
// stands under the name of its witness, so that the row can wrap.
func (i *integrationScreen) newRow(c cardreader.Comparison, r cardreader.Row) fyne.CanvasObject {
	s := i.speaker
	title := newWords(wording.ComparedFact(s, r.Fact))
	title.TextStyle.Bold = true
	cells := []fyne.CanvasObject{title}
	for at, w := range c.Witnesses {
		value := newWords(wording.ComparedValue(s, r.Fact, r.Values[at]))
		switch {
		case w.Module == nil:
			cells = append(cells, tight(newCaption(s.Say("integration.witness.card")), value))
			continue
		case !w.Sees:
			continue
		}
		tone, word := wording.Plain, ""
		switch {
		case r.Values[at] == "" || r.Values[0] == "":
		case r.Values[at] == r.Values[0]:
			tone, word = wording.Good, s.Say("integration.witness.same")
		default:
			tone, word = wording.Bad, s.Say("integration.witness.other")
		}
		caption := plaintext.Line(w.Module.Name, 40)
		if word != "" {
			caption = s.Say("ui.labelled", "Label", caption, "Value", word)
		}
		var shown fyne.CanvasObject = value
		if word != "" {
			shown = signed(widget.NewIcon(toneIcon(tone)), 18, 9, value)
		}
		cells = append(cells, tight(newCaption(caption), shown))
	}
	return container.New(&fill{least: 170, gap: 4, most: len(cells)}, cells...)
}

// certificatesTone is that of the certificate that needs attention most.
func (i *integrationScreen) certificatesTone() wording.Tone {
	tone := wording.Good
	for at := range i.survey.Certificates {
		tone = max(tone, i.pressing(at).Tone)
	}
	return tone
}

// pressing is what of a certificate needs attention most. That nobody could say
// whether it is revoked is said with it, and no fault of the card's.
func (i *integrationScreen) pressing(at int) wording.Fact {
	c := i.survey.Certificates[at]
	facts := []wording.Fact{wording.CertificateValidity(i.speaker, c.Validity), wording.Chain(i.speaker, c.Examination)}
	if answer := i.revocation.answer(at); answer != nil {
		facts = append([]wording.Fact{*answer}, facts...)
	}
	return slices.MaxFunc(facts, func(a, b wording.Fact) int { return cmp.Compare(a.Tone, b.Tone) })
}

// roleOf is what a certificate of the card is for.
func (i *integrationScreen) roleOf(c Certificate) string {
	s := i.speaker
	switch c.Role {
	case cps.Authentication:
		return s.Say("integration.role.authentication")
	case cps.Signature:
		return s.Say("integration.role.signature")
	case cps.Technical:
		return s.Say("integration.role.technical")
	}
	return s.Say("integration.role.other")
}

// certificatesSection is each certificate of the card, judged.
func (i *integrationScreen) certificatesSection() fyne.CanvasObject {
	all := i.survey.Certificates
	if len(all) == 0 {
		return nil
	}
	i.revocation = newRevocationSection(i, all)
	f, box := i.newSection(i.speaker.Say("integration.certificates", "Count", len(all)), i.certificatesTone(), func() fyne.CanvasObject {
		panels := container.NewVBox(i.revocation.content)
		for n, c := range all {
			if n == mostItems {
				panels.Add(i.newMore(len(all) - n))
				break
			}
			panels.Add(newPanel(i.newCertificate(c, i.revocation.facts[n])))
		}
		return panels
	})
	i.revocation.around = f
	f.Open()
	return box
}

func (i *integrationScreen) newCertificate(c Certificate, revocation fyne.CanvasObject) fyne.CanvasObject {
	s := i.speaker
	title := newWords(s.Say("ui.labelled", "Label", i.roleOf(c), "Value", cmp.Or(plaintext.Line(c.Label, 80), "–")))
	title.TextStyle.Bold = true
	key := c.Key.Type
	if c.Key.Bits > 0 {
		key = fmt.Sprintf("%s %d %s", c.Key.Type, c.Key.Bits, c.Key.Curve)
	}
	all := container.NewVBox(title,
		newFacts(340, wording.Chain(s, c.Examination), wording.CertificateValidity(s, c.Validity)),
		revocation,
		newFacts(340,
			plain(s.Say("integration.certificate.subject"), c.Subject), plain(s.Say("integration.certificate.issuer"), c.Issuer),
			plain(s.Say("integration.certificate.usage"), strings.Join(append(c.KeyUsage[:len(c.KeyUsage):len(c.KeyUsage)], c.ExtKeyUsage...), ", ")),
			plain(s.Say("integration.certificate.key"), key), plain(s.Say("integration.certificate.signed"), c.Signature),
			plain(s.Say("integration.certificate.serial"), c.Serial), plain("SHA-256", c.SHA256),
		))
	if c.Err != nil {
		all.Add(signed(widget.NewIcon(toneIcon(wording.Warning)), 18, 9, newWords(s.Say("ui.cause", "Cause", wording.Cause(c.Err)))))
	}
	if len(c.Chain) > 1 {
		_, box := i.newFold(s.Say("integration.chain", "Count", len(c.Chain)-1), nil, func() fyne.CanvasObject { return i.newChain(c.Chain[1:]) })
		all.Add(box)
	}
	if len(c.Extensions) > 0 {
		_, box := i.newFold(s.Say("integration.extensions", "Count", len(c.Extensions)), nil, func() fyne.CanvasObject { return i.newExtensions(c.Extensions) })
		all.Add(box)
	}
	return all
}

func (i *integrationScreen) newChain(links []igcsante.Link) fyne.CanvasObject {
	all := container.NewVBox()
	for _, l := range links {
		words := tight(newWords(line(l.Subject)), newPrint("SHA-256 "+line(l.SHA256)))
		for _, where := range l.Where[:min(len(l.Where), 8)] {
			words.Add(newPrint(line(where)))
		}
		all.Add(words)
	}
	return all
}

func (i *integrationScreen) newExtensions(extensions []igcsante.Extension) fyne.CanvasObject {
	s := i.speaker
	all := container.NewVBox()
	for n, e := range extensions {
		if n == mostItems {
			all.Add(i.newMore(len(extensions) - n))
			break
		}
		label := e.Label.French
		if s.Tag() != "fr" {
			label = e.Label.English
		}
		name := tight(newWords(cmp.Or(line(label), s.Say("integration.extension.unknown"))), newPrint(line(e.OID)))
		if e.Critical {
			name.Add(newCaption(s.Say("integration.extension.critical")))
		}
		all.Add(container.New(&fill{least: 260, gap: gap, most: 2}, name, newPrint(line(e.String()))))
	}
	return all
}
