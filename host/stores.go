package main

import (
	"os"
	"strings"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/nss"
)

// openStores returns this computer's certificate stores, the one for new keys
// first. A store that cannot be opened stays in the list and says why.
func openStores() []keystore.Store {
	dropModuleVariables()
	store, err := nss.Open(nss.Options{})
	if err != nil {
		return []keystore.Store{keystore.Unavailable(nss.ID, nss.Name, err)}
	}
	return []keystore.Store{store}
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
