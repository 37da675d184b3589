package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

// outcome is one line of the answer: where a target lies, or why there is none.
type outcome struct {
	Target string `json:"target"`
	Path   string `json:"path,omitempty"`
	Error  string `json:"error,omitempty"`
}

// read refreshes from a root that is brought along and downloads targets. The same directory again is a reader who comes back.
func read(root, metadataURL, targetsURL, directory string, targets []string) error {
	trusted, err := os.ReadFile(root)
	if err != nil {
		return err
	}
	settings, err := config.New(metadataURL, trusted)
	if err != nil {
		return err
	}
	settings.RemoteTargetsURL = targetsURL
	settings.LocalMetadataDir = filepath.Join(directory, "metadata")
	settings.LocalTargetsDir = filepath.Join(directory, "targets")
	if err := settings.EnsurePathsExist(); err != nil {
		return err
	}
	client, err := updater.New(settings)
	if err != nil {
		return err
	}
	if err := client.Refresh(); err != nil {
		return err
	}
	answer := json.NewEncoder(os.Stdout)
	for _, target := range targets {
		path, err := download(client, target)
		told := outcome{Target: target, Path: path}
		if err != nil {
			told.Error = err.Error()
		}
		if err := answer.Encode(told); err != nil {
			return err
		}
	}
	return nil
}

func download(client *updater.Updater, target string) (string, error) {
	info, err := client.GetTargetInfo(target)
	if err != nil {
		return "", err
	}
	path, _, err := client.DownloadTarget(info, "", "")
	return path, err
}
