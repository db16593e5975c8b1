// Package annuairetest is a server that answers as the public documentation of
// the API of the Annuaire Santé says (FHIR R4, version 2 of the API), about
// people who do not exist, and one that misbehaves in every way.
package annuairetest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Key is the one that the server takes. It looks like one of the portal's.
const Key = "5e1ec7ed-0000-4000-8000-00c0ffee0997"

// Person is somebody in the directory.
type Person struct {
	ID         string
	RPPS       string // 11 digits
	Family     string
	Given      string
	Profession string // G15
	Inactive   bool   // then the directory keeps the identifiers only
	CardNumber string
	CardStart  string
	CardEnd    string
	Places     int
}

// Directory answers.
type Directory struct {
	People []Person

	mu       sync.Mutex
	requests []*http.Request
}

// Requests are those that came, in their order.
func (d *Directory) Requests() []*http.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.requests)
}

func (d *Directory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.requests = append(d.requests, r)
	d.mu.Unlock()
	switch resource := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]; {
	case r.Header.Get("ESANTE-API-KEY") != Key:
		Write(w, http.StatusUnauthorized, map[string]any{"message": "Unauthorized", "http_status_code": 401})
	case resource == "Practitioner":
		d.practitioners(w, r)
	case resource == "PractitionerRole":
		d.roles(w, r)
	default:
		Write(w, http.StatusNotFound, Outcome("HAPI-0302: Unknown resource type '"+resource+"'"))
	}
}

func (d *Directory) practitioners(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var found []any
	for _, p := range d.People {
		wanted := slices.Contains(strings.Split(query.Get("identifier"), ","), "urn:oid:1.2.250.1.71.4.2.1|8"+p.RPPS) ||
			slices.Contains(strings.Split(query.Get("identifier"), ","), "https://rpps.esante.gouv.fr|"+p.RPPS)
		if number := query.Get("number-smartcard"); number != "" && !p.Inactive {
			wanted = strings.HasPrefix(p.CardNumber, number) // a FHIR string matches from its beginning
		}
		if wanted {
			found = append(found, p.resource())
		}
	}
	Write(w, http.StatusOK, Bundle(found...))
}

func (d *Directory) roles(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var found []any
	for _, p := range d.People {
		if p.ID != query.Get("practitioner") {
			continue
		}
		for n := range p.Places {
			found = append(found, p.role(n))
			if query.Get("_include") == "PractitionerRole:organization" {
				found = append(found, organization(n))
			}
		}
	}
	Write(w, http.StatusOK, Bundle(found...))
}

func meta(profile string) map[string]any {
	return map[string]any{
		"versionId": "1", "lastUpdated": "2026-06-29T15:29:39.003+02:00", "source": "https://annuaire.esante.gouv.fr",
		"profile": []string{"https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/" + profile},
	}
}

func nos(table, code string) map[string]any {
	return map[string]any{"system": "https://mos.esante.gouv.fr/NOS/TRE_" + table + "/FHIR/TRE-" + table, "code": code}
}

func concept(codings ...any) map[string]any { return map[string]any{"coding": codings} }

func (p Person) resource() map[string]any {
	id := func(kind, system, value string) map[string]any {
		return map[string]any{
			"use":  "official",
			"type": concept(map[string]any{"system": "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203", "code": kind}), "system": system, "value": value,
		}
	}
	resource := map[string]any{
		"resourceType": "Practitioner", "id": p.ID, "meta": meta("as-dp-practitioner"), "language": "fr", "active": !p.Inactive,
		"identifier": []any{
			id("IDNPS", "urn:oid:1.2.250.1.71.4.2.1", "8"+p.RPPS), id("RPPS", "https://rpps.esante.gouv.fr", p.RPPS),
		},
	}
	if p.Inactive {
		return resource
	}
	maps.Copy(resource, map[string]any{
		"name": []any{map[string]any{"use": "usual", "family": p.Family, "given": []string{p.Given}, "prefix": []string{"M"}, "suffix": []string{"DR"}}},
		"qualification": []any{
			map[string]any{"code": concept(nos("R48-DiplomeEtatFrancais", "DE28"), nos("R14-TypeDiplome", "DE"))},
			map[string]any{"code": concept(nos("R09-CategorieProfessionnelle", "C"), nos("G15-ProfessionSante", p.Profession))},
			map[string]any{"code": concept(nos("R04-TypeSavoirFaire", "S"), nos("R38-SpecialiteOrdinale", "SM26"))},
		},
	})
	if p.CardNumber != "" {
		resource["extension"] = []any{map[string]any{
			"url": "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-smartcard",
			"extension": []any{
				map[string]any{"url": "type", "valueCodeableConcept": concept(nos("R87-TypeCarte", "CPS"))},
				map[string]any{"url": "number", "valueString": p.CardNumber},
				map[string]any{"url": "period", "valuePeriod": map[string]any{"start": p.CardStart, "end": p.CardEnd}},
			},
		}}
	}
	return resource
}

func (p Person) role(n int) map[string]any {
	return map[string]any{
		"resourceType": "PractitionerRole", "id": fmt.Sprintf("005-%d", n), "meta": meta("as-dp-practitionerrole"), "active": true,
		"identifier":   []any{map[string]any{"system": "https://rpps.esante.gouv.fr", "value": fmt.Sprintf("101039987%d", n)}},
		"practitioner": map[string]any{"reference": "Practitioner/" + p.ID},
		"organization": map[string]any{"reference": fmt.Sprintf("Organization/001-%d", n)},
		"code":         []any{concept(nos("R22-GenreActivite", "GENR01")), concept(nos("R23-ModeExercice", "L")), concept(nos("R21-Fonction", "FON-AU"))},
	}
}

func organization(n int) map[string]any {
	part := func(name, value string) map[string]any {
		return map[string]any{"url": "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-" + name, "valueString": value}
	}
	return map[string]any{
		"resourceType": "Organization", "id": fmt.Sprintf("001-%d", n), "meta": meta("as-dp-organization"), "active": true,
		"identifier": []any{
			map[string]any{"system": "urn:oid:1.2.250.1.71.4.2.2", "value": fmt.Sprintf("199000001%d", n)},
			map[string]any{"system": "https://finess.esante.gouv.fr", "value": fmt.Sprintf("99000001%d", n)},
		},
		"name": fmt.Sprintf("HOPITAL DE TEST %d", n),
		"address": []any{map[string]any{
			"line":       []any{nil},
			"_line":      []any{map[string]any{"extension": []any{part("streetNameBase", "DE L'ESSAI"), part("houseNumber", "9"), part("streetNameType", "R")}}},
			"postalCode": "99000", "city": "VILLE FICTIVE",
		}},
	}
}

// Bundle is a page of search results.
func Bundle(resources ...any) map[string]any {
	entries, total := []any{}, 0
	for _, r := range resources {
		entry := map[string]any{"resource": r}
		if m, ok := r.(map[string]any); ok {
			if m["resourceType"] != "Organization" { // these are included, no matches
				total++
			}
			entry["fullUrl"] = fmt.Sprintf("https://gateway.api.esante.gouv.fr/fhir/v2/%v/%v", m["resourceType"], m["id"])
		}
		entries = append(entries, entry)
	}
	return map[string]any{"resourceType": "Bundle", "id": "207ab354", "type": "searchset", "total": total, "entry": entries}
}

// Outcome is an OperationOutcome with that text.
func Outcome(text string) map[string]any {
	return map[string]any{"resourceType": "OperationOutcome", "issue": []any{map[string]any{"severity": "error", "code": "processing", "diagnostics": text}}}
}

// Write answers with JSON.
func Write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/fhir+json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}

// Raw answers with that text.
func Raw(status int, kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// Portal is the page of a captive portal.
const Portal = `<!DOCTYPE html><html><head><title>Connexion au réseau</title></head><body><form action="/login"></form></body></html>`

// Misbehaviours are servers that do not answer as they should, by name.
var Misbehaviours = map[string]http.HandlerFunc{
	"key-refused": Raw(401, "text/plain", "Unauthorized"),
	"forbidden":   Raw(403, "application/json", `{"message":"Forbidden"}`),
	"filter":      Raw(403, "text/html", Portal),
	"proxy":       Raw(407, "text/html", Portal),
	"not-a-resource": func(w http.ResponseWriter, _ *http.Request) {
		Write(w, 404, Outcome("HAPI-0302: Unknown resource type"))
	},
	"bad-request":    func(w http.ResponseWriter, _ *http.Request) { Write(w, 400, Outcome("bad parameter")) },
	"outcome":        func(w http.ResponseWriter, _ *http.Request) { Write(w, 200, Outcome("not today")) },
	"server":         Raw(500, "application/fhir+json", `{"resourceType":"OperationOutcome","issue":[{"code":"exception"}]}`),
	"gateway":        Raw(502, "text/html", Portal),
	"portal":         Raw(200, "text/html; charset=utf-8", Portal),
	"portal-untyped": Raw(200, "text/plain", "\n  "+Portal),
	"text":           Raw(200, "text/plain", "hello"),
	"no-type":        Raw(200, "", `{"resourceType":"Bundle","type":"searchset"}`),
	"empty":          Raw(200, "application/fhir+json", ""),
	"cut":            Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{`),
	"array":          Raw(200, "application/fhir+json", `[]`),
	"null":           Raw(200, "application/fhir+json", `null`),
	"xml":            Raw(200, "application/fhir+xml", `<Bundle xmlns="http://hl7.org/fhir"/>`),
	"wrong-type":     Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Practitioner","id":"1","name":"x"}}]}`),
	"wrong-resource": Raw(200, "application/fhir+json", `{"resourceType":"Practitioner","id":"1"}`),
	"long-name":      Raw(200, "application/fhir+json", `{"resourceType":"`+strings.Repeat("x", 1<<20)+`"}`),
	"wrong-entry":    Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"1"}}]}`),
	"wrong-bundle":   Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"transaction"}`),
	"no-resource":    Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","entry":[{}]}`),
	"hostile-id":     Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Practitioner","id":"1&_count=9"}}]}`),
	"total-only":     Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","total":3}`),
	"total-negative": Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","total":-1}`),
	"deep":           Raw(200, "application/fhir+json", `{"resourceType":"Bundle","x":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`),
	"many":           Raw(200, "application/fhir+json", `{"resourceType":"Bundle","type":"searchset","entry":[`+strings.Repeat("{},", 200_000)+`{}]}`),
	"others": func(w http.ResponseWriter, _ *http.Request) { // a server that ignores the question
		Write(w, 200, Bundle(Person{ID: "9", RPPS: "99700366240", Family: "AUTRE", Given: "LEA", Profession: "10"}.resource()))
	},
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://portail.example/login?back="+r.URL.Path, http.StatusFound)
	},
	"quota": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		Write(w, 429, map[string]any{"message": "Rate limit exceeded! You reached the limit of 17 requests per 1 seconds"})
	},
	"echo": func(w http.ResponseWriter, r *http.Request) { // repeats what it was sent
		Write(w, 400, Outcome("no such header: "+r.Header.Get("ESANTE-API-KEY")))
	},
	"echo-location": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Header.Get("ESANTE-API-KEY")+".example/", http.StatusMovedPermanently)
	},
	"echo-type": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "x/"+r.Header.Get("ESANTE-API-KEY"))
		w.Header().Set("Content-Encoding", r.Header.Get("ESANTE-API-KEY"))
	},
	"echo-name": func(w http.ResponseWriter, r *http.Request) {
		p := Person{ID: "1", RPPS: "99700218896", Family: r.Header.Get("ESANTE-API-KEY"), Given: "\x1b[31mLEA\u202e", Profession: "10"}
		Write(w, 200, Bundle(p.resource()))
	},
	"gzip": func(w http.ResponseWriter, _ *http.Request) { // 64 MiB of zeros in 64 KiB
		w.Header().Set("Content-Type", "application/fhir+json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		block := make([]byte, 1<<20)
		for range 64 {
			_, _ = z.Write(block)
		}
		_ = z.Close()
	},
	"endless": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		block := []byte(strings.Repeat(" ", 1<<16))
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	},
	"drip": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		for {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	},
	"silent": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"hang-up": func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
	},
	"long-headers": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		Write(w, 200, Bundle())
	},
}
