package keychain

// Where the frameworks are. Since macOS 11 no file is there: the dynamic
// loader has them in its cache under these names.
const (
	coreFoundationPath = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
	securityPath       = "/System/Library/Frameworks/Security.framework/Security"
)

// Open finds the frameworks and returns the store. The keychain itself is
// opened by each operation. fault.StoreUnsupported when this macOS lacks
// something that the store needs; the detail names it.
func Open() (powers, error) {
	f, err := load(coreFoundationPath, securityPath)
	if err != nil {
		return nil, err
	}
	return &store{f: f}, nil
}
