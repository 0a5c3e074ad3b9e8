package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/util"
	"go.yaml.in/yaml/v3"
)

// contract is an OpenAPI document together with what oapi-codegen makes of it.
type contract struct {
	spec       *openapi3.T
	file       string // the document's name, without folders
	pkg        string // the generated package's name
	importPath string
	operations []codegen.OperationDefinition
	models     []codegen.TypeDefinition // of the component schemas
	code       *goCode
}

func loadContract(o options) (*contract, error) {
	config, err := loadConfig(o.config)
	if err != nil {
		return nil, err
	}
	// No remote references: the pages must not depend on the network.
	spec, err := util.LoadSwaggerWithOverlay(o.spec, util.LoadSwaggerWithOverlayOpts{AllowRemoteRefsFrom: []string{}})
	if err != nil {
		return nil, err
	}
	// Generate comes first also because it is what sets codegen's name
	// normalizer, on which all names below depend, and drops unused schemas,
	// of which there is no Go type.
	source, err := codegen.Generate(spec, config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.spec, err)
	}
	code, err := parseGoCode(source)
	if err != nil {
		return nil, fmt.Errorf("generated code: %w", err)
	}
	c := &contract{spec: spec, file: filepath.Base(o.spec), pkg: config.PackageName, importPath: o.importPath, code: code}
	if c.operations, err = codegen.OperationDefinitions(spec); err != nil {
		return nil, err
	}
	c.models, err = componentModels(spec, config)
	return c, err
}

func loadConfig(file string) (codegen.Configuration, error) {
	var config codegen.Configuration
	text, err := os.ReadFile(file)
	if err != nil {
		return config, err
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		return config, fmt.Errorf("%s: %w", file, err)
	}
	config = config.UpdateDefaults()
	// The user's templates are named relative to the folder that oapi-codegen
	// runs in, and concern the import list; that, and the layout, are of no
	// interest here.
	config.OutputOptions.UserTemplates = nil
	config.OutputOptions.SkipFmt = true
	return config, config.Validate()
}

// componentModels are the Go types of the component schemas, without those
// that oapi-codegen invents for schemas inside them.
func componentModels(spec *openapi3.T, config codegen.Configuration) ([]codegen.TypeDefinition, error) {
	if spec.Components == nil {
		return nil, nil
	}
	types, err := codegen.GenerateTypesForSchemas(nil, spec.Components.Schemas, config.OutputOptions.ExcludeSchemas)
	if err != nil {
		return nil, err
	}
	var models []codegen.TypeDefinition
	seen := map[string]bool{}
	for _, t := range types {
		if spec.Components.Schemas[t.JsonName] == nil || seen[t.JsonName] {
			continue
		}
		seen[t.JsonName] = true
		models = append(models, t)
	}
	return models, nil
}
