package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The parts of CycloneDX 1.6 that are written.
type (
	bill struct {
		Format       string     `json:"bomFormat"`
		Spec         string     `json:"specVersion"`
		Serial       string     `json:"serialNumber"`
		Version      int        `json:"version"`
		Metadata     metadata   `json:"metadata"`
		Components   []part     `json:"components"`
		Dependencies []relation `json:"dependencies"`
	}
	metadata struct {
		Timestamp string `json:"timestamp"`
		Component part   `json:"component"`
	}
	part struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		PURL       string     `json:"purl,omitempty"`
		Hashes     []hash     `json:"hashes,omitempty"`
		Licenses   []licence  `json:"licenses,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	licence struct {
		License struct {
			ID   string `json:"id,omitempty"`
			Name string `json:"name,omitempty"`
		} `json:"license"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	relation struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// billOfMaterials names the programs with their sums, and each component with
// its licences and the programs that hold it.
func billOfMaterials(o order, revision string, components []component) ([]byte, error) {
	b := bill{
		Format: "CycloneDX", Spec: "1.6", Version: 1,
		Metadata: metadata{
			Timestamp: o.time.Format(time.RFC3339),
			Component: part{
				Type: "application", Ref: "postecpx", Name: "Poste CPx", Version: o.version,
				Properties: []property{{"postecpx:revision", revision}},
			},
		},
	}
	product := relation{Ref: "postecpx"}
	for _, path := range o.programs {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		name := filepath.Base(path)
		b.Components = append(b.Components, part{
			Type: "file", Ref: "file:" + name, Name: name, Version: o.version,
			Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
		})
		product.DependsOn = append(product.DependsOn, "file:"+name)
		holds := relation{Ref: "file:" + name}
		for _, c := range components {
			if slices.Contains(c.programs, name) {
				holds.DependsOn = append(holds.DependsOn, c.ref())
			}
		}
		b.Dependencies = append(b.Dependencies, holds)
	}
	for _, c := range components {
		p := part{Type: "library", Ref: c.ref(), Name: c.name, Version: c.version, PURL: c.purl}
		if sum, ok := strings.CutPrefix(c.sum, "h1:"); ok {
			raw, err := base64.StdEncoding.DecodeString(sum)
			if err != nil {
				return nil, fmt.Errorf("%s: sum %q: %w", c.name, c.sum, err)
			}
			// The sum of go.sum is one of a list of files: no hash of an archive.
			p.Properties = append(p.Properties, property{"postecpx:go.sum", hex.EncodeToString(raw)})
		}
		kinds, err := kindsOf(c)
		if err != nil {
			return nil, err
		}
		for _, kind := range kinds {
			var l licence
			if kind == other {
				l.License.Name = "see THIRD-PARTY-LICENCES.txt"
			} else {
				l.License.ID = kind
			}
			p.Licenses = append(p.Licenses, l)
		}
		b.Components = append(b.Components, p)
	}
	b.Dependencies = append([]relation{product}, b.Dependencies...)
	// The serial number is made from what the bill is of: the same programs,
	// the same number.
	all, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	b.Serial = uuid(sha256.Sum256(all))
	all, err = json.MarshalIndent(b, "", "  ")
	return append(all, '\n'), err
}

func (c component) ref() string {
	if c.purl != "" {
		return c.purl
	}
	return c.name + "@" + c.version
}

// uuid makes a UUID of version 8 (RFC 9562) from a sum.
func uuid(sum [32]byte) string {
	sum[6], sum[8] = sum[6]&0x0F|0x80, sum[8]&0x3F|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
