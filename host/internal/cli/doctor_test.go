package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"scelle/host/internal/doctor"
)

func TestDoctorProves(t *testing.T) {
	p := sit(t)
	p.does("doctor", "--prove", "--json")
	var proof doctor.Proof
	if err := json.Unmarshal([]byte(p.out), &proof); err != nil {
		t.Fatal(err)
	}
	if !proof.OK() || len(proof.Stores) != 1 || len(proof.Others) != 1 || proof.Others[0].Outcome != doctor.Passed {
		t.Errorf("%s", p.out)
	}
	if strings.Contains(p.out, p.dir) || strings.Contains(p.out, p.env["HOME"]) {
		t.Errorf("the report names a folder of this computer: %s", p.out)
	}
	p.does("doctor", "--prove")
	if !strings.Contains(p.out, "unwrap rsa-oaep-sha256") {
		t.Errorf("%s", p.out)
	}
}
