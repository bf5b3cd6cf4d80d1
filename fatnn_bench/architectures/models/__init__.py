"""A person's own model as layers: ONNX by shape inference, safetensors and GGUF by their headers, modules by a call."""
