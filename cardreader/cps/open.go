package cps

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"postecpx/cardreader/iso7816"
)

// Longest READ BINARY that ANS's library sends to each generation.
const (
	blockCPS3 = 0xE7
	blockCPS4 = iso7816.MaxShort
)

// open selects the PKCS#15 application, which proves the card to be a CPx, and
// reads EF.ODF.
func (s *session) open(ctx context.Context) error {
	ways := []func(context.Context) error{s.openCPS3, s.openCPS4}
	switch {
	case s.card.Interface == Contactless:
		ways = []func(context.Context) error{s.openContactless}
	case s.card.Generation == CPS4:
		ways = []func(context.Context) error{s.openCPS4, s.openCPS3}
	}
	var failures []error
	for _, way := range ways {
		err := way(ctx)
		if err == nil || fatal(err) {
			return err
		}
		failures = append(failures, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreadable, errors.Join(failures...))
}

func (s *session) openCPS3(ctx context.Context) error {
	s.cla, s.block = 0x00, blockCPS3
	s.useForms(formCPS3, formISO, formSteps)
	sw, err := s.selectAID(ctx, s.cla, aidContact)
	if err != nil {
		return err
	}
	if !selected(sw) {
		if err := s.confirm(ctx, sw); err != nil {
			return err
		}
	}
	return s.readODF(ctx, dfIAS, aidContact)
}

// openCPS4 follows ANS's library: logical channel 1, and when the application
// is not the one selected, the card manager and the CPS2ter side first.
func (s *session) openCPS4(ctx context.Context) error {
	s.cla, s.block = 0x01, blockCPS4
	s.useForms(formCPS4, formISO, formCPS3)
	sw, err := s.selectAID(ctx, 0x01, aidRoot)
	if err != nil {
		return err
	}
	if !selected(sw) {
		if _, err = s.selectAID(ctx, 0x01, aidCardMgr); err != nil {
			return err
		}
		if _, err = s.selectAID(ctx, 0x00, aidCPS2ter); err != nil {
			return err
		}
		if sw, err = s.selectAID(ctx, 0x01, aidRoot); err != nil {
			return err
		}
	}
	if !selected(sw) {
		if err := s.confirm(ctx, sw); err != nil {
			return err
		}
	}
	return s.readODF(ctx, dfIAS, aidContact)
}

func (s *session) openContactless(ctx context.Context) error {
	s.cla, s.block = 0x00, blockCPS3
	contactless := formCPS3
	contactless.le = true
	s.useForms(contactless, formISO, formSteps)
	sw, err := s.selectAID(ctx, s.cla, aidContactles)
	if err != nil {
		return err
	}
	if !selected(sw) {
		if err := s.confirm(ctx, sw); err != nil {
			return err
		}
	}
	return s.readODF(ctx, nil, aidContactles)
}

// confirm proves that a card which does not select by name is a CPx all the
// same: by its serial number file.
func (s *session) confirm(ctx context.Context, sw iso7816.StatusWord) error {
	if _, err := s.selectAID(ctx, s.cla, aidRoot); err != nil {
		return err
	}
	data, err := s.readFile(ctx, efSN, plan{size: 12})
	if err == nil {
		_, err = parseSerialNumber(data)
	}
	if fatal(err) {
		return err
	}
	if err != nil {
		return fmt.Errorf("application not found (status %v), EF.SN.ICC: %w", sw, err)
	}
	return nil
}

// readODF reads EF.ODF below the DF, or below the one that EF.DIR names for
// the application when df is nil or holds none, or else below the application
// selected by its name.
func (s *session) readODF(ctx context.Context, df path, aid []byte) error {
	s.aid = aid
	var failures []error
	try := func(df path) (done bool, err error) {
		if err = s.readODFAt(ctx, df); err == nil || fatal(err) {
			return true, err
		}
		failures = append(failures, err)
		return false, nil
	}
	if df != nil {
		if done, err := try(df); done {
			return err
		}
	}
	listed, err := s.listedDF(ctx, aid)
	switch {
	case fatal(err):
		return err
	case err != nil:
		failures = append(failures, err)
	case !bytes.Equal(listed, df):
		if done, err := try(listed); done {
			return err
		}
	}
	if done, err := try(currentDF); done {
		return err
	}
	return errors.Join(failures...)
}

func (s *session) readODFAt(ctx context.Context, df path) error {
	data, err := s.readFile(ctx, df.child(fidODF...), plan{fcp: true})
	if err != nil {
		return fmt.Errorf("EF.ODF: %w", err)
	}
	directories, err := parseODF(data)
	if len(directories) == 0 {
		return err
	}
	// A list that breaks off may have named the certificates further on.
	s.df, s.directories, s.odfErr = df, directories, err
	return nil
}

// listedDF finds the DF of an application in EF.DIR.
func (s *session) listedDF(ctx context.Context, aid []byte) (path, error) {
	data, err := s.readFile(ctx, efDir, plan{fcp: true})
	if err != nil {
		return nil, fmt.Errorf("EF.DIR: %w", err)
	}
	for _, a := range parseDIR(data) {
		if bytes.Equal(a.aid, aid) && len(a.path) >= 2 {
			return resolve(a.path, nil)
		}
	}
	return nil, fmt.Errorf("EF.DIR: no path for application %X", aid)
}
