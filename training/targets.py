"""What each patch of a picture should tell, so that the tower can be trained by itself."""
from typing import Any

import numpy as np

SHAPES = ["circle", "square", "triangle", "star"]
COLORS = ["red", "green", "blue", "yellow", "purple", "orange", "black", "white"]
SIZES = ["large", "small"]
BACKGROUNDS = ["white", "gray", "black", "pink"]
CELLS = ["top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right"]
GRID = 8
BOX_BINS = 51

# Answers of each patch: name → number of classes. 0 means "no thing here" for the first five.
PATCH_CLASSES = {"shape": 5, "color": 9, "size": 3, "cell": 10, "name": 33, "centre": 2}
# Answers about the whole picture, asked of every patch.
PICTURE_CLASSES = {"background": 4, "count": 5, **{f"{shape}s": 5 for shape in SHAPES}}


def patch_targets(facts: dict[str, Any]) -> dict[str, np.ndarray]:
    """Per patch, in reading order: class ids uint8 [64] by name, and `box` float32 [64, 4] (zeros without a thing)."""
    things = facts["things"]
    overlap = np.stack([patch_overlap(thing["box"]) for thing in things])
    owner = np.where(overlap.max(0) > 0.04, overlap.argmax(0), len(things))
    rows = [thing_row(thing) for thing in things] + [[0] * 5]
    table = np.array(rows, np.uint8)[owner]
    targets = {name: table[:, column] for column, name in enumerate(["shape", "color", "size", "cell", "name"])}
    centre = np.zeros(GRID * GRID, np.uint8)
    for x1, y1, x2, y2 in (thing["box"] for thing in things):
        centre[int((y1 + y2) / 2 * GRID) * GRID + int((x1 + x2) / 2 * GRID)] = 1
    boxes = np.array([thing["box"] for thing in things] + [[0.0] * 4], np.float32)
    return {**targets, "centre": centre, "box": boxes[owner]}


def thing_row(thing: dict[str, Any]) -> list[int]:
    shape, color = SHAPES.index(thing["shape"]), COLORS.index(thing["color"])
    return [1 + shape, 1 + color, 1 + SIZES.index(thing["size"]), 1 + CELLS.index(thing["cell"]), 1 + shape * 8 + color]


def patch_overlap(box: list[float]) -> np.ndarray:
    """The share of each patch that the box covers [64]."""
    edges = np.arange(GRID)

    def covered(low: float, high: float) -> np.ndarray:
        return np.clip(np.minimum(edges + 1, high * GRID) - np.maximum(edges, low * GRID), 0, None)

    return np.outer(covered(box[1], box[3]), covered(box[0], box[2])).ravel()


def picture_targets(facts: dict[str, Any]) -> dict[str, int]:
    names = [thing["shape"] for thing in facts["things"]]
    return {
        "background": BACKGROUNDS.index(facts["background"]),
        "count": len(names),
        **{f"{shape}s": names.count(shape) for shape in SHAPES},
    }
