"""Small ONNX models, made by onnx itself."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def model(nodes, inputs, constants=None, opset=17, outputs=("y",), **changed):
    """A model; ``inputs`` are shapes by name, in which a word or None stands for what is left open."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.example", 1)]
    return helper.make_model(graph, opset_imports=opsets, **({"ir_version": 9} | changed))


def node(operator, *inputs, output="y", name="", **attributes):
    return helper.make_node(operator, inputs, [output], name=name, **attributes)


def saved(made, path):
    path.write_bytes(made.SerializeToString())
    return path
