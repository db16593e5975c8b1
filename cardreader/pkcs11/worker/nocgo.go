//go:build !cgo

package worker

import "postecpx/cardreader/pkcs11"

func answer(*protocol, pkcs11.WorkerRequest, []byte) pkcs11.WorkerEnd {
	return pkcs11.WorkerEnd{Status: pkcs11.Failed, Detail: "built without cgo"}
}
