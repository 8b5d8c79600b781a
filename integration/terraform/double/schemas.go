// What schema.json tells, as the protocol wants it.

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// schemas is what schema.json tells.
type schemas struct {
	bindings    string
	provider    *tfprotov5.Schema
	resources   map[string]*tfprotov5.Schema
	dataSources map[string]*tfprotov5.Schema
}

type jsonSchema struct{ Block jsonBlock }

type jsonBlock struct {
	Attributes map[string]struct {
		Type                         json.RawMessage
		Required, Optional, Computed bool
	}
	BlockTypes map[string]struct {
		NestingMode string `json:"nesting_mode"`
		MinItems    int64  `json:"min_items"`
		MaxItems    int64  `json:"max_items"`
		Block       jsonBlock
	} `json:"block_types"`
}

var nestings = map[string]tfprotov5.SchemaNestedBlockNestingMode{
	"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov5.SchemaNestedBlockNestingModeList,
	"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
}

func readSchemas(path string) (*schemas, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var document struct {
		Bindings    string
		Provider    jsonSchema
		Resources   map[string]jsonSchema `json:"resource_schemas"`
		DataSources map[string]jsonSchema `json:"data_source_schemas"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	read := &schemas{bindings: document.Bindings}
	var failed error
	schemaOf := func(schema jsonSchema) *tfprotov5.Schema {
		block, err := blockOf(schema.Block)
		if err != nil {
			failed = err
		}
		return &tfprotov5.Schema{Block: block}
	}
	all := func(from map[string]jsonSchema) map[string]*tfprotov5.Schema {
		to := make(map[string]*tfprotov5.Schema, len(from))
		for name, schema := range from {
			to[name] = schemaOf(schema)
		}
		return to
	}
	read.provider = schemaOf(document.Provider)
	read.resources = all(document.Resources)
	read.dataSources = all(document.DataSources)
	return read, failed
}

func blockOf(from jsonBlock) (*tfprotov5.SchemaBlock, error) {
	block := &tfprotov5.SchemaBlock{}
	for name, attribute := range from.Attributes {
		//lint:ignore SA1019 The JSON is written by us in the form that this reads.
		kind, err := tftypes.ParseJSONType(attribute.Type)
		if err != nil {
			return nil, fmt.Errorf("read the type of %s: %w", name, err)
		}
		block.Attributes = append(block.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: kind, Required: attribute.Required, Optional: attribute.Optional, Computed: attribute.Computed,
		})
	}
	for name, nested := range from.BlockTypes {
		inner, err := blockOf(nested.Block)
		if err != nil {
			return nil, err
		}
		nesting, isKnown := nestings[nested.NestingMode]
		if !isKnown {
			return nil, fmt.Errorf("the nesting %q of %s is unknown", nested.NestingMode, name)
		}
		block.BlockTypes = append(block.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: nesting, MinItems: nested.MinItems, MaxItems: nested.MaxItems,
		})
	}
	return block, nil
}
