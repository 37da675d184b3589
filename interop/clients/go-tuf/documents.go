package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

type signingKey struct {
	signer signature.Signer
	public *metadata.Key
}

func newSigningKey(keyType string) (signingKey, error) {
	signer, err := newSigner(keyType)
	if err != nil {
		return signingKey{}, err
	}
	public, err := signer.PublicKey()
	if err != nil {
		return signingKey{}, err
	}
	key, err := metadata.KeyFromPublicKey(public)
	return signingKey{signer: signer, public: key}, err
}

func newSigner(keyType string) (signature.Signer, error) {
	switch keyType {
	case "ed25519":
		_, secret, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return signature.LoadED25519Signer(secret)
	case "ecdsa":
		secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return signature.LoadECDSASigner(secret, crypto.SHA256)
	case "rsa":
		secret, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		return signature.LoadRSAPSSSigner(secret, crypto.SHA256, &rsa.PSSOptions{Hash: crypto.SHA256})
	}
	return nil, fmt.Errorf("no key type %s", keyType)
}

// signing leaves out the last key, which is listed and never signs.
func signing(keys []signingKey) []signingKey {
	return keys[:len(keys)-1]
}

func sign[T metadata.Roles](document *metadata.Metadata[T], keys []signingKey) ([]byte, error) {
	document.ClearSignatures()
	for _, key := range keys {
		if _, err := document.Sign(key.signer); err != nil {
			return nil, err
		}
	}
	return document.ToBytes(false)
}

// write signs a role and says what the one above is to list of it.
func write[T metadata.Roles](made *repository, name string, role *metadata.Metadata[T], version int64, isPrefixed bool) (*metadata.MetaFiles, error) {
	data, err := sign(role, signing(made.keys[name]))
	if err != nil {
		return nil, err
	}
	prefix := ""
	if isPrefixed {
		prefix = fmt.Sprintf("%d.", version)
	}
	made.files[fmt.Sprintf("metadata/%s%s.json", prefix, url.PathEscape(name))] = data
	entry := metadata.MetaFile(version)
	if made.plan.ListsHashes {
		digest := sha256.Sum256(data)
		entry.Length, entry.Hashes = int64(len(data)), metadata.Hashes{"sha256": digest[:]}
	}
	return entry, nil
}

func (made *repository) writeTo(directory string) error {
	for name, data := range made.files {
		file := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
