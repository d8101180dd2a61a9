package site

import (
	"context"
	"time"

	"scelle/scripts/portal/internal/store"
)

// person is a login that the demonstration shows.
type person struct {
	store.User
	Password string
	Role     string // key of the text catalogue
}

// The demonstration's services.
const (
	roads   = "voirie"
	schools = "affaires-scolaires"

	demoCompany     = "batiloire"
	demoCompanyName = "Bâti-Loire SARL"
)

func demoServices() []store.Service {
	return []store.Service{
		{ID: roads, Name: "Direction de la voirie"},
		{ID: schools, Name: "Direction des affaires scolaires"},
	}
}

// demoPeople are the logins of a demonstration. Their passwords are public:
// NewServer's caller keeps a demonstration on loopback.
func demoPeople() []person {
	services := demoServices()
	all := []store.Power{store.KeysManage, store.PlisOpen}
	return []person{
		{store.User{ID: "agent", Login: "agent@demo", Name: "Camille Lefort", Service: services[0],
			Rights: map[string][]store.Power{roads: all, schools: {store.KeysRead}}}, "agent-demo", "role.agent"},
		{store.User{ID: "entreprise", Login: "entreprise@demo", Name: "Dominique Marchal", Company: demoCompany, CompanyName: demoCompanyName}, "entreprise-demo", "role.company"},
		{store.User{ID: "ecoles", Login: "ecoles@demo", Name: "Sacha Périer", Service: services[1],
			Rights: map[string][]store.Power{schools: all}}, "ecoles-demo", "role.agent"},
		{store.User{ID: "lecture", Login: "lecture@demo", Name: "Claude Rousset", Service: services[0],
			Rights: map[string][]store.Power{roads: {store.KeysRead}}}, "lecture-demo", "role.reader"},
	}
}

func demoTenders(now time.Time) []store.Tender {
	services := demoServices()
	in := func(days int) time.Time {
		day := now.AddDate(0, 0, days)
		return time.Date(day.Year(), day.Month(), day.Day(), 11, 0, 0, 0, time.UTC)
	}
	return []store.Tender{
		{ID: "pont-2027", Service: services[0], Reference: "2027-VOI-014", Title: "Réfection du pont des Tanneurs", Deadline: in(15),
			Lots: []store.Lot{{Number: "1", Title: "Gros œuvre et étanchéité"}, {Number: "2", Title: "Éclairage public"}}},
		{ID: "sel-2027", Service: services[0], Reference: "2027-VOI-021", Title: "Fourniture de sel de déneigement", Deadline: in(32)},
		{ID: "repas-2027", Service: services[1], Reference: "2027-ECO-003", Title: "Restauration scolaire, rentrée prochaine", Deadline: in(21),
			Lots: []store.Lot{{Number: "1", Title: "Écoles du centre"}, {Number: "2", Title: "Écoles des coteaux"}}},
	}
}

// seed fills an empty portal; one with services is left alone.
func (s *Server) seed(ctx context.Context) error {
	there, err := s.store.Services(ctx)
	if err != nil || len(there) > 0 {
		return err
	}
	for _, v := range demoServices() {
		if err := s.store.AddService(ctx, v); err != nil {
			return err
		}
	}
	if err := s.store.AddCompany(ctx, demoCompany, demoCompanyName); err != nil {
		return err
	}
	for _, p := range demoPeople() {
		if err := s.store.AddUser(ctx, p.User, p.Password, s.Rounds); err != nil {
			return err
		}
	}
	for _, t := range demoTenders(s.Now()) {
		if err := s.store.AddTender(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
