package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// lastTag returns the tag of the last release that the present commit comes
// from, and "" if there is none. Tags of pre-releases do not count.
func lastTag(root, prefix string) (string, error) {
	if out, err := git(root, "rev-parse", "--verify", "--quiet", "HEAD"); err != nil && len(out) == 0 {
		if _, err := git(root, "rev-parse", "--git-dir"); err != nil {
			return "", err
		}
		return "", nil // no commit, and so no tag
	}
	out, err := git(root, "tag", "--merged", "HEAD", "--list", prefix+"v[0-9]*", "--sort=-version:refname")
	if err != nil {
		return "", err
	}
	for tag := range strings.FieldsSeq(string(out)) {
		if !strings.Contains(tag, "-") {
			return tag, nil
		}
	}
	return "", nil
}

// extract writes the repository as it was at tag to dir.
func extract(root, tag, dir string) error {
	archive, err := git(root, "archive", "--format=zip", tag)
	if err != nil {
		return err
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return err
	}
	return os.CopyFS(dir, files)
}

func git(root string, args ...string) ([]byte, error) {
	cmd := exec.Command("git", append([]string{"-C", root}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
