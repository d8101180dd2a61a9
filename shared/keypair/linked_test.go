package keypair_test

import _ "scelle/shared/keypair/public" // PublicKey, in the tests of package keypair too
