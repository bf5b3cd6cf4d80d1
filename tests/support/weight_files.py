"""Files of weights as their own libraries write them, of a module's parameters."""

import numpy as np


def parameters(module):
    return {name: value.detach().numpy() for name, value in module.state_dict().items()}


def safetensors(tensors, path, **more):
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, path, **more)
    return path


def gguf(tensors, path, quantised=(), words=5):
    """A GGUF file with a tokenizer's words, and some of the tensors quantised to 4 bits."""
    from gguf import GGMLQuantizationType, GGUFWriter, quants

    writer = GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_rope_scaling_factor(1.0)
    writer.add_token_list([f"word{i}" for i in range(words)])
    writer.add_token_scores([0.5] * words)
    for name, value in tensors.items():
        if name in quantised:
            kind = GGMLQuantizationType.Q4_0
            writer.add_tensor(name, quants.quantize(value.astype(np.float32), kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, value.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
