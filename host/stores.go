package main

import (
	"os"
	"runtime"
	"strings"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/capi"
	"scelle/host/internal/keystore/nss"
	"scelle/host/internal/serve"
)

// openStores returns this computer's certificate stores, the one for new keys
// first. A store that cannot be opened stays in the list and says why.
func openStores() []keystore.Store {
	dropModuleVariables()
	if runtime.GOOS == "windows" {
		store, err := capi.Open(capi.Options{ParentWindow: serve.ParentWindow(os.Args[1:])})
		return []keystore.Store{orUnavailable(capi.ID, capi.Name, store, err)}
	}
	store, err := nss.Open(nss.Options{})
	return []keystore.Store{orUnavailable(nss.ID, nss.Name, store, err)}
}

func orUnavailable(id, name string, store keystore.Store, err error) keystore.Store {
	if err != nil {
		return keystore.Unavailable(id, name, err)
	}
	return store
}

// dropModuleVariables removes what would let whoever starts the host choose
// the code or the configuration of PKCS#11 modules.
func dropModuleVariables() {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if name == "SOFTHSM2_CONF" || strings.HasPrefix(name, "P11_KIT_") || strings.HasPrefix(name, "NSS_") {
			os.Unsetenv(name)
		}
	}
}
