"""Types compiled from the vendors' API descriptions: see specs/ and codegen/. Nothing here is edited by hand."""
