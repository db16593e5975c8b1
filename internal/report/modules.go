package report

import (
	"fmt"
	"time"

	"postecpx/cardreader"
	"postecpx/cardreader/cps"
	"postecpx/cardreader/pkcs11"
)

// Schemas of the PKCS#11 documents.
const (
	ModulesSchema = "postecpx.modules/1"
	ProofSchema   = "postecpx.proof/1"
)

// Modules is what every module says, and how it compares with the card.
type Modules struct {
	Schema     string      `json:"schema"`
	Modules    []Module    `json:"modules"`
	Comparison *Comparison `json:"comparison,omitempty"`
}

// Module is one PKCS#11 module.
type Module struct {
	Path       string               `json:"path"`
	Name       string               `json:"name"`
	Family     string               `json:"family"`
	Status     string               `json:"status"`
	Call       string               `json:"call,omitempty"`
	Code       string               `json:"code,omitempty"`
	Detail     string               `json:"detail,omitempty"`
	DeclaredBy []pkcs11.Declaration `json:"declaredBy,omitempty"`
	File       *pkcs11.File         `json:"file,omitempty"`
	Info       *pkcs11.Info         `json:"info,omitempty"`
	Tokens     []Token              `json:"tokens"`
	DurationMs int64                `json:"durationMs"`
}

// Token is the token of one slot.
type Token struct {
	Slot        uint               `json:"slot"`
	Description string             `json:"description,omitempty"`
	Label       string             `json:"label"`
	Serial      string             `json:"serial"`
	Model       string             `json:"model,omitempty"`
	Flags       []string           `json:"flags,omitempty"`
	Mechanisms  []pkcs11.Mechanism `json:"mechanisms,omitempty"`
	Objects     []Object           `json:"objects"`
}

// Object of a token. Fields are the decoded business data.
type Object struct {
	Class   string   `json:"class"`
	Label   string   `json:"label"`
	ID      string   `json:"id"` // hexadecimal, empty when the object has none
	KeyType string   `json:"keyType,omitempty"`
	Bits    int      `json:"bits,omitempty"`
	Usage   []string `json:"usage,omitempty"`
	Value   string   `json:"value,omitempty"` // hexadecimal
	Fields  []Field  `json:"fields,omitempty"`
}

// Field is one element of a business file.
type Field struct {
	Tag   string `json:"tag"`
	Name  string `json:"name,omitempty"`
	Value string `json:"value"`
	Label string `json:"label,omitempty"`
}

// Comparison puts the card and the modules side by side.
type Comparison struct {
	Witnesses     []string       `json:"witnesses"` // "PC/SC", then paths
	Facts         []ComparedFact `json:"facts"`
	Disagreements []Disagreement `json:"disagreements"`
}

// ComparedFact is one fact, in the words of each witness.
type ComparedFact struct {
	Fact   string   `json:"fact"`
	Values []string `json:"values"`
}

// Disagreement is a fact that a module tells otherwise than the card.
type Disagreement struct {
	Fact   string   `json:"fact"`
	Path   string   `json:"path"`
	Says   string   `json:"says"`
	Card   string   `json:"card"`
	Caches []string `json:"cacheFiles,omitempty"`
	// AllCaches is the pattern of all cache files of this card.
	AllCaches string `json:"cachePattern,omitempty"`
}

// NewModules makes the document; comparison may be nil.
func NewModules(probes []pkcs11.Probe, comparison *cardreader.Comparison) Modules {
	d := Modules{Schema: ModulesSchema, Modules: make([]Module, 0, len(probes))}
	for _, p := range probes {
		d.Modules = append(d.Modules, newModule(p))
	}
	if comparison != nil {
		d.Comparison = newComparison(*comparison)
	}
	return d
}

func newModule(p pkcs11.Probe) Module {
	m := Module{
		Path: p.Module.Path, Name: p.Module.Name, Family: string(p.Module.Family), Status: string(p.Status),
		Call: p.Call, Code: p.Code, Detail: p.Detail, DeclaredBy: p.Module.DeclaredBy,
		Tokens: make([]Token, 0), DurationMs: p.Duration.Round(time.Millisecond).Milliseconds(),
	}
	if p.File.Status != pkcs11.Missing && p.File.Status != "" {
		m.File = &p.File
	}
	if p.Info != (pkcs11.Info{}) {
		m.Info = &p.Info
	}
	for _, s := range p.Slots {
		if s.Token != nil {
			m.Tokens = append(m.Tokens, newToken(s))
		}
	}
	return m
}

func newToken(s pkcs11.Slot) Token {
	t := Token{
		Slot: s.ID, Description: s.Description, Label: s.Token.Label, Serial: s.Token.Serial,
		Model: s.Token.Model, Flags: s.Token.Flags, Mechanisms: s.Token.Mechanisms,
	}
	t.Objects = NewObjects(s.Token.Objects)
	return t
}

// NewObjects makes the documents of objects, with the business data decoded.
func NewObjects(objects []pkcs11.Object) []Object {
	all := make([]Object, 0, len(objects))
	for _, o := range objects {
		d := Object{
			Class: o.Class, Label: o.Label, KeyType: o.KeyType, Bits: o.Bits, Usage: o.Usage,
			ID: fmt.Sprintf("%X", o.ID), Value: fmt.Sprintf("%X", o.Value),
		}
		if o.Class == "data" {
			fields, _ := cps.Decode(o.Value) // what makes no sense stands in Value
			for _, f := range fields {
				d.Fields = append(d.Fields, Field{f.Tag, f.Name, f.Value, f.Label})
			}
		}
		all = append(all, d)
	}
	return all
}

func newComparison(c cardreader.Comparison) *Comparison {
	d := &Comparison{Disagreements: make([]Disagreement, 0)}
	for _, w := range c.Witnesses {
		name := "PC/SC"
		if w.Module != nil {
			name = w.Module.Path
		}
		d.Witnesses = append(d.Witnesses, name)
	}
	for _, r := range c.Rows {
		d.Facts = append(d.Facts, ComparedFact{string(r.Fact), r.Values})
	}
	for _, x := range c.Disagreements {
		d.Disagreements = append(d.Disagreements, Disagreement{string(x.Fact), x.Module.Path, x.Says, x.Card, x.Files, x.AllFiles})
	}
	return d
}

// Proof is what "cpx verify" found.
type Proof struct {
	Schema  string `json:"schema"`
	Reader  string `json:"reader"`
	Module  string `json:"module"`
	OK      bool   `json:"ok"`
	Outcome string `json:"outcome"` // what became of the code porteur
	// Presented tells whether the card may have seen the code.
	Presented   bool       `json:"presented"`
	TriesBefore *int       `json:"triesBefore,omitempty"`
	TriesAfter  *int       `json:"triesAfter,omitempty"`
	Keys        []ProofKey `json:"keys,omitempty"`
	Objects     []Object   `json:"objects,omitempty"`
	Reset       bool       `json:"reset"`
}

// ProofKey is what one private key did.
type ProofKey struct {
	Role      string `json:"role"`
	Label     string `json:"label,omitempty"`
	Mechanism string `json:"mechanism,omitempty"`
	OK        bool   `json:"ok"`
	Problem   string `json:"problem,omitempty"`
}

// NewProof makes the document of a proof.
func NewProof(reader string, module pkcs11.Module, p pkcs11.Proof) Proof {
	d := Proof{
		Schema: ProofSchema, Reader: reader, Module: module.Path, OK: p.OK(), Outcome: string(p.Login), Presented: p.Presented,
		Objects: NewObjects(p.Objects),
	}
	for _, k := range p.Keys {
		key := ProofKey{Role: string(k.Role), Label: k.Label, Mechanism: k.Mechanism, OK: k.OK, Problem: k.Problem}
		if k.Failure != nil {
			key.Problem = k.Failure.Call + ": " + k.Failure.Code
		}
		d.Keys = append(d.Keys, key)
	}
	return d
}
