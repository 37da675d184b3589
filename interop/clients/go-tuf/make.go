package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// plan is what ../../tuf-clients/repository-plans.ts says of one repository.
type plan struct {
	Name         string  `json:"name"`
	KeyType      string  `json:"keyType"`
	IsConsistent bool    `json:"isConsistent"`
	Threshold    int     `json:"threshold"`
	ListsHashes  bool    `json:"listsHashes"`
	States       []state `json:"states"`
}

type state struct {
	Rotate       []string     `json:"rotate"`
	Delegations  []delegation `json:"delegations"`
	SuccinctBits int          `json:"succinctBits"`
	Targets      []target     `json:"targets"`
}

type delegation struct {
	Parent        string   `json:"parent"`
	Name          string   `json:"name"`
	Paths         []string `json:"paths"`
	HashPrefixes  []string `json:"hashPrefixes"`
	IsTerminating bool     `json:"isTerminating"`
	Threshold     int      `json:"threshold"`
}

type target struct {
	Role string `json:"role"`
	Path string `json:"path"`
}

type repository struct {
	plan    plan
	expires time.Time
	root    *metadata.Metadata[metadata.RootType]
	keys    map[string][]signingKey
	// listed is what the snapshot says: a role that was in it stays, until the snapshot's own keys change.
	listed map[string]*metadata.MetaFiles
	// files are all that is published so far, by path.
	files map[string][]byte
}

// makeAll writes DIRECTORY/PLAN/STATE/ with metadata/ and targets/ as they are once that state is published; states count from 1.
func makeAll(plans, directory string) error {
	text, err := os.ReadFile(plans)
	if err != nil {
		return err
	}
	var todo []plan
	if err := json.Unmarshal(text, &todo); err != nil {
		return err
	}
	for _, one := range todo {
		made, err := newRepository(one)
		if err != nil {
			return err
		}
		for index, next := range one.States {
			if err := made.publish(int64(index+1), next); err != nil {
				return fmt.Errorf("%s: %w", one.Name, err)
			}
			if err := made.writeTo(filepath.Join(directory, one.Name, strconv.Itoa(index+1))); err != nil {
				return err
			}
		}
	}
	return nil
}

func newRepository(one plan) (*repository, error) {
	expires := time.Now().UTC().Truncate(time.Second).AddDate(0, 0, 30)
	made := &repository{
		plan:    one,
		expires: expires,
		root:    metadata.Root(expires),
		keys:    map[string][]signingKey{},
		listed:  map[string]*metadata.MetaFiles{},
		files:   map[string][]byte{},
	}
	made.root.Signed.ConsistentSnapshot = one.IsConsistent
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		if err := made.listKeys(role); err != nil {
			return nil, err
		}
		made.root.Signed.Roles[role].Threshold = one.Threshold
	}
	return made, made.publishRoot(nil)
}

// keysOf are as many as have to sign, and one more that is listed and never signs.
func (made *repository) keysOf(role string, threshold int) ([]signingKey, error) {
	for len(made.keys[role]) <= threshold {
		key, err := newSigningKey(made.plan.KeyType)
		if err != nil {
			return nil, err
		}
		made.keys[role] = append(made.keys[role], key)
	}
	return made.keys[role], nil
}

func (made *repository) listKeys(role string) error {
	keys, err := made.keysOf(role, made.plan.Threshold)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := made.root.Signed.AddKey(key.public, role); err != nil {
			return err
		}
	}
	return nil
}

func (made *repository) rotate(role string) error {
	before := made.keys[role]
	delete(made.keys, role)
	for _, key := range before {
		id, err := key.public.ID()
		if err != nil {
			return err
		}
		if err := made.root.Signed.RevokeKey(id, role); err != nil {
			return err
		}
	}
	if err := made.listKeys(role); err != nil {
		return err
	}
	made.root.Signed.Version++
	if role != metadata.ROOT {
		return made.publishRoot(nil)
	}
	return made.publishRoot(before)
}

// publishRoot signs with the keys of now, and with those of the root before where they were exchanged.
func (made *repository) publishRoot(before []signingKey) error {
	signers := signing(made.keys[metadata.ROOT])
	if before != nil {
		signers = slices.Concat(signers, signing(before))
	}
	data, err := sign(made.root, signers)
	made.files[fmt.Sprintf("metadata/%d.root.json", made.root.Signed.Version)] = data
	return err
}

func (made *repository) publish(number int64, next state) error {
	for _, role := range next.Rotate {
		if err := made.rotate(role); err != nil {
			return err
		}
	}
	if slices.Contains(next.Rotate, metadata.SNAPSHOT) {
		clear(made.listed) // no reader remembers what was listed under the old keys
	}
	roles := map[string]*metadata.Metadata[metadata.TargetsType]{metadata.TARGETS: made.newTargets(number)}
	for _, one := range next.Delegations {
		if err := made.delegate(roles[one.Parent], one); err != nil {
			return err
		}
		roles[one.Name] = made.newTargets(number)
	}
	if next.SuccinctBits > 0 {
		if err := made.layOut(roles, next.SuccinctBits, number); err != nil {
			return err
		}
	}
	for _, one := range next.Targets {
		if err := made.add(roles[one.Role], one.Path); err != nil {
			return err
		}
	}
	for name, role := range roles {
		entry, err := write(made, name, role, number, made.plan.IsConsistent)
		if err != nil {
			return err
		}
		made.listed[name+".json"] = entry
	}
	snapshot := metadata.Snapshot(made.expires)
	snapshot.Signed.Version, snapshot.Signed.Meta = number, made.listed
	entry, err := write(made, metadata.SNAPSHOT, snapshot, number, made.plan.IsConsistent)
	if err != nil {
		return err
	}
	timestamp := metadata.Timestamp(made.expires)
	timestamp.Signed.Version, timestamp.Signed.Meta["snapshot.json"] = number, entry
	_, err = write(made, metadata.TIMESTAMP, timestamp, number, false)
	return err
}

func (made *repository) newTargets(number int64) *metadata.Metadata[metadata.TargetsType] {
	role := metadata.Targets(made.expires)
	role.Signed.Version = number
	return role
}

func (made *repository) delegate(parent *metadata.Metadata[metadata.TargetsType], one delegation) error {
	if parent.Signed.Delegations == nil {
		parent.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}}
	}
	threshold := max(one.Threshold, 1)
	parent.Signed.Delegations.Roles = append(parent.Signed.Delegations.Roles, metadata.DelegatedRole{
		Name: one.Name, KeyIDs: []string{}, Threshold: threshold, Terminating: one.IsTerminating,
		Paths: one.Paths, PathHashPrefixes: one.HashPrefixes,
	})
	keys, err := made.keysOf(one.Name, threshold)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := parent.Signed.AddKey(key.public, one.Name); err != nil {
			return err
		}
	}
	return nil
}

func (made *repository) layOut(roles map[string]*metadata.Metadata[metadata.TargetsType], bits int, number int64) error {
	bins := &metadata.SuccinctRoles{KeyIDs: []string{}, Threshold: 1, BitLength: bits, NamePrefix: "bin"}
	top := roles[metadata.TARGETS]
	top.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, SuccinctRoles: bins}
	keys, err := made.keysOf("bins", 1)
	if err != nil {
		return err
	}
	for _, name := range bins.GetRoles() {
		roles[name], made.keys[name] = made.newTargets(number), keys
		for _, key := range keys {
			if err := top.Signed.AddKey(key.public, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (made *repository) add(role *metadata.Metadata[metadata.TargetsType], name string) error {
	data := []byte("content of " + name)
	file, err := metadata.TargetFile().FromBytes(name, data, "sha256", "sha512")
	if err != nil {
		return err
	}
	role.Signed.Targets[name] = file
	if !made.plan.IsConsistent {
		made.files["targets/"+name] = data
		return nil
	}
	for _, hash := range file.Hashes {
		made.files[path.Join("targets", path.Dir(name), fmt.Sprintf("%x.%s", []byte(hash), path.Base(name)))] = data
	}
	return nil
}
