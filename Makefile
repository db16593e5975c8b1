# Poste CPx. The two commands to know: make run, make test.

# no_emoji: the emoji font of the toolkit, which no sentence uses, costs 28 MiB of memory and time at the start.
# no_animations: a caret that blinks takes seven times the processor of a window at rest.
TAGS  := migrated_fynedo,no_emoji,no_animations
BUILD := go build -tags $(TAGS)

# Debian packages. Building: a C compiler, PC/SC, and what Fyne draws with.
BUILD_PACKAGES := gcc libc6-dev pkg-config libpcsclite-dev libgl1-mesa-dev xorg-dev libwayland-dev libxkbcommon-dev
RUN_PACKAGES   := pcscd
TEST_PACKAGES  := pcscd vsmartcard-vpcd opensc opensc-pkcs11 softhsm2 xvfb xauth libgl1-mesa-dri xdotool xclip
BENCH_PACKAGES := $(TEST_PACKAGES) pcsc-tools
WINDOWS_PACKAGES := gcc-mingw-w64-x86-64
PACKAGE_PACKAGES := $(WINDOWS_PACKAGES) git dpkg-dev rpm zip librsvg2-bin icoutils wixl msitools faketime
PACKAGE_TEST_PACKAGES := $(PACKAGE_PACKAGES) debootstrap unzip jq man-db lintian desktop-file-utils appstream zsh fish wine wine64 xvfb xauth openbox wmctrl libgl1-mesa-dri

.PHONY: run build test check windows bench docs screenshots fuzz packages test-packages clean
.PHONY: need-build need-run need-test need-bench need-windows need-packages need-package-test

run: need-build need-run build
	@scripts/run

build: need-build
	$(BUILD) -o bin/ ./cmd/...

# Everything, the tests on a real pcscd included: they fail, not skip, when it
# cannot be had.
test: need-build need-test check
	CGO_ENABLED=0 go test ./ui/... ./internal/language/... ./internal/plaintext/...
	CGO_ENABLED=0 GOOS=windows go vet ./cmd/cpx ./cardreader/... ./internal/workstation ./internal/diagnostic ./internal/report
	CGO_ENABLED=0 GOOS=darwin go vet ./internal/workstation ./internal/diagnostic ./internal/report
	POSTECPX_REQUIRE_PCSCD=1 go test -tags $(TAGS) ./...

check:
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet -tags $(TAGS) ./...

# Both programs for Windows, whole: five minutes the first time, most of them
# the OpenGL of the window, and so not a part of "make test". To hand on, there
# is "make packages".
windows: need-windows
	CGO_ENABLED=1 GOOS=windows CC=x86_64-w64-mingw32-gcc go build -tags $(TAGS),accessibility -o bin/windows/ ./cmd/...

# Exchanges, bytes, time and wake-ups of ours beside other programs, on the
# same virtual card, in one run; then the window beside an empty one.
bench: need-build need-bench
	$(BUILD) -o bin/ ./cmd/... ./internal/bench/emptywindow
	go run ./internal/bench -cpx bin/cpx -out docs/benchmarks.md

# The pictures of the documents, drawn without a display.
screenshots: need-build
	go run -tags $(TAGS) ./internal/pictures -out docs

# The documents that repeat what the program says.
docs:
	CGO_ENABLED=0 go test ./internal/docs -run 'TestChecksDocument|TestLibraryDocument' -update

# Each fuzz target for FUZZTIME.
FUZZTIME := 30s
fuzz:
	scripts/fuzz $(FUZZTIME)

# The packages for Linux and Windows, in dist/: packaging/README.md.
packages: need-build need-packages
	TAGS='$(TAGS)' packaging/build dist

# Installs, uses and removes them in fresh Debian roots and under Wine: slow,
# needs root.
test-packages: need-package-test packages
	packaging/test dist

clean:
	rm -rf bin dist

need-build:
	@scripts/need $(BUILD_PACKAGES)
need-run:
	@scripts/need $(RUN_PACKAGES)
need-test:
	@scripts/need $(TEST_PACKAGES)
need-bench:
	@scripts/need $(BENCH_PACKAGES)
need-windows:
	@scripts/need $(WINDOWS_PACKAGES)
need-packages:
	@scripts/need $(PACKAGE_PACKAGES)
need-package-test:
	@scripts/need $(PACKAGE_TEST_PACKAGES)
