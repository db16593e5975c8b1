package main

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"postecpx/internal/language"
	"postecpx/ui"
)

// today is the day of every picture.
func today() time.Time { return time.Date(2026, time.November, 23, 9, 12, 0, 0, time.UTC) }

// program is the toolkit's test application with the light or dark variant of
// our choice, and a driver that brings the news of other goroutines back to the
// one of the toolkit, as the driver of a screen does.
type program struct {
	fyne.App
	driver  driver
	variant fyne.ThemeVariant
}

func (p *program) Driver() fyne.Driver     { return p.driver }
func (p *program) Settings() fyne.Settings { return settings{p.App.Settings(), p.variant} }

type settings struct {
	fyne.Settings
	variant fyne.ThemeVariant
}

func (s settings) ThemeVariant() fyne.ThemeVariant { return s.variant }
func (s settings) ShowAnimations() bool            { return false }

type driver struct {
	fyne.Driver
	news chan func()
}

// DoFromGoroutine is called by fyne.Do.
func (d driver) DoFromGoroutine(do func(), _ bool) { d.news <- do }

// stage is one window of the product, without a display.
type stage struct {
	window *ui.Window
	canvas test.WindowlessCanvas
	news   chan func()
	world  *world
}

// look is how the window is shown.
type look struct {
	tag     string
	variant fyne.ThemeVariant
	scale   float32
	size    fyne.Size // in the units of the toolkit
	large   bool      // large text
}

// newStage opens the window; the guide is loaded when it returns.
func newStage(l look, w *world) (*stage, error) {
	speaker, err := language.New(l.tag)
	if err != nil {
		return nil, err
	}
	s := &stage{news: make(chan func(), 1000), world: w}
	inner := test.NewApp()
	app := &program{App: inner, variant: l.variant, driver: driver{inner.Driver(), s.news}}
	fyne.SetCurrentApp(app)
	w.end = func() { s.news <- nil }
	s.window = ui.New(app, speaker, ui.Options{
		Now: today, Later: func(time.Duration, func()) {}, Workbench: w, Doctor: w, Guide: book{w.end},
		Settings: &choices{ui.Choices{Welcomed: true, LargeText: l.large}},
		Open:     func(string) error { panic("no picture browses") },
	})
	windows := app.Driver().AllWindows()
	s.canvas = windows[len(windows)-1].Canvas().(test.WindowlessCanvas)
	s.canvas.SetScale(l.scale)
	s.window.Open()
	s.window.GoTo(guidance) // has the guide loaded
	s.await()
	s.window.GoTo(carte)
	s.settle(l.size)
	return s, nil
}

// choices are the settings of a picture.
type choices struct{ ui.Choices }

func (c *choices) Get() ui.Choices  { return c.Choices }
func (c *choices) Set(n ui.Choices) { c.Choices = n }

// await lets the work that was begun come to its end: to what is brought back
// after the world said that it had done its part.
func (s *stage) await() {
	for do := range s.news {
		if do == nil {
			(<-s.news)()
			return
		}
		do()
	}
}

// settle gives the window that size. Words wrap when they are laid out, so that
// the layout needs several looks.
func (s *stage) settle(size fyne.Size) {
	for range 3 {
		s.canvas.Resize(size.SubtractWidthHeight(1, 0))
		s.canvas.Resize(size)
	}
}

// press presses keys, as a person would.
func (s *stage) press(keys ...fyne.KeyName) {
	for _, k := range keys {
		switch on := s.canvas.Focused(); {
		case k == fyne.KeyTab:
			s.canvas.FocusNext()
		case on != nil:
			on.TypedKey(&fyne.KeyEvent{Name: k})
		default:
			s.canvas.OnTypedKey()(&fyne.KeyEvent{Name: k})
		}
	}
}

func (s *stage) capture(size fyne.Size) image.Image {
	s.settle(size)
	return s.canvas.Capture()
}
