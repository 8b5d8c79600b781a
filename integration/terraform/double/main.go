// A double of the AWS provider, for machines that cannot reach the registry of providers: it knows the schema that lies
// beside it and holds configurations against it. Terraform itself finds unknown resources, misspelt and missing
// attributes and wrong types by the schema; the double refuses a computed attribute that is set. It plans and
// applies nothing; tests mock it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const address = "registry.terraform.io/hashicorp/aws"

func main() {
	executable, err := os.Executable()
	if err != nil {
		log.Fatalf("find the schema beside the provider double: %v", err)
	}
	known, err := readSchemas(filepath.Join(filepath.Dir(executable), "schema.json"))
	if err != nil {
		log.Fatalf("read the schema of the provider double: %v", err)
	}
	server := func() tfprotov5.ProviderServer { return &double{schemas: known} }
	if err := tf5server.Serve(address, server); err != nil {
		log.Fatalf("serve the provider double: %v", err)
	}
}

// double leaves what is never asked of a provider that plans nothing to the nil interface.
type double struct {
	tfprotov5.ProviderServer
	schemas *schemas
}

func (d *double) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	answer := &tfprotov5.GetMetadataResponse{ServerCapabilities: &tfprotov5.ServerCapabilities{}}
	for name := range d.schemas.resources {
		answer.Resources = append(answer.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range d.schemas.dataSources {
		answer.DataSources = append(answer.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return answer, nil
}

func (d *double) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{},
		Provider:           d.schemas.provider,
		ResourceSchemas:    d.schemas.resources,
		DataSourceSchemas:  d.schemas.dataSources,
	}, nil
}

func (d *double) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (d *double) PrepareProviderConfig(_ context.Context, request *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (d *double) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{Diagnostics: []*tfprotov5.Diagnostic{{
		Severity: tfprotov5.DiagnosticSeverityError,
		Summary:  "This is the provider double, not the real provider",
		Detail:   fmt.Sprintf("It validates by the schema of %s and plans nothing.", d.schemas.bindings),
	}}}, nil
}

func (d *double) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func (d *double) ValidateResourceTypeConfig(_ context.Context, request *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	found, err := d.setThoughComputed(d.schemas.resources[request.TypeName], request.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: found}, err
}

func (d *double) ValidateDataSourceConfig(_ context.Context, request *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	found, err := d.setThoughComputed(d.schemas.dataSources[request.TypeName], request.Config)
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: found}, err
}

// UpgradeResourceState takes a state as it is: OpenTofu asks for it even of a mocked provider.
func (d *double) UpgradeResourceState(_ context.Context, request *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	kind := d.schemas.resources[request.TypeName].ValueType()
	state, err := request.RawState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	upgraded, err := tfprotov5.NewDynamicValue(kind, state)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &upgraded}, err
}

func (d *double) GetFunctions(context.Context, *tfprotov5.GetFunctionsRequest) (*tfprotov5.GetFunctionsResponse, error) {
	return &tfprotov5.GetFunctionsResponse{}, nil
}

// setThoughComputed returns a diagnostic for each attribute that has a value though only the provider can give it one.
func (d *double) setThoughComputed(schema *tfprotov5.Schema, config *tfprotov5.DynamicValue) ([]*tfprotov5.Diagnostic, error) {
	value, err := config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	var found []*tfprotov5.Diagnostic
	err = tftypes.Walk(value, func(path *tftypes.AttributePath, value tftypes.Value) (bool, error) {
		if value.IsNull() || !d.isComputedAlone(schema.Block, path) {
			return true, nil
		}
		found = append(found, &tfprotov5.Diagnostic{
			Severity:  tfprotov5.DiagnosticSeverityError,
			Summary:   "Computed attribute is set",
			Detail:    fmt.Sprintf("%q cannot be set: the provider computes it. Said by the provider double, schema from %s; not the real provider.", lastName(path), d.schemas.bindings),
			Attribute: path,
		})
		return false, nil
	})
	return found, err
}

// isComputedAlone follows the names of a path; positions in lists and sets are passed over.
func (d *double) isComputedAlone(block *tfprotov5.SchemaBlock, path *tftypes.AttributePath) bool {
	if lastName(path) == "" {
		return false
	}
	steps := path.Steps()
	for index, step := range steps {
		name, isName := step.(tftypes.AttributeName)
		if !isName {
			continue
		}
		if index == len(steps)-1 {
			for _, attribute := range block.Attributes {
				if attribute.Name == string(name) {
					return attribute.Computed && !attribute.Optional && !attribute.Required
				}
			}
			return false
		}
		inner := nestedIn(block, string(name))
		if inner == nil {
			return false
		}
		block = inner
	}
	return false
}

func lastName(path *tftypes.AttributePath) string {
	name, _ := path.LastStep().(tftypes.AttributeName)
	return string(name)
}

func nestedIn(block *tfprotov5.SchemaBlock, name string) *tfprotov5.SchemaBlock {
	for _, nested := range block.BlockTypes {
		if nested.TypeName == name {
			return nested.Block
		}
	}
	return nil
}
