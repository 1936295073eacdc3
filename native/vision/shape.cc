#include "vision/shape.h"

#include <cmath>

#include "failure.h"
#include "vision/projector.h"

namespace {

// Far above CLIP-L/14-336 and low enough that no product of them overflows or fills a machine.
constexpr int64_t kMaxImageSize = 4096;
constexpr int64_t kMaxTokens = 16384;
constexpr int64_t kMaxWidth = 16384;
constexpr int64_t kMaxBlocks = 256;
constexpr int64_t kMaxScoreBytes = int64_t{2} << 30;

int64_t size_key(const GgufFile& file, const char* key, int64_t limit) {
  const auto value = file.integer(key);
  if (!value) file.refuse(format("has no key %s, which a LLaVA-1.5 mmproj file needs", key));
  if (*value < 1 || *value > limit) {
    file.refuse(format("%s is %lld; a number from 1 to %lld is needed", key, static_cast<long long>(*value),
                       static_cast<long long>(limit)));
  }
  return *value;
}

std::array<float, 3> colour_key(const GgufFile& file, const char* key) {
  const auto values = file.numbers(key);
  if (!values || values->size() < 3) file.refuse(format("needs three numbers in the key %s", key));
  std::array<float, 3> colour{};
  for (size_t i = 0; i < 3; ++i) {
    colour[i] = static_cast<float>((*values)[i]);
    if (!std::isfinite(colour[i])) file.refuse(format("%s holds something that is not a number", key));
  }
  return colour;
}

void require_llava15(const GgufFile& file) {
  const std::string architecture = file.text("general.architecture").value_or("");
  if (architecture != "clip") {
    file.refuse(format("is a GGUF file of architecture \"%s\"; a LLaVA-1.5 mmproj file (\"clip\") is needed",
                       architecture.c_str()));
  }
  if (!file.flag("clip.has_vision_encoder").value_or(true)) file.refuse("holds no vision encoder");
  if (!file.flag("clip.has_llava_projector").value_or(true)) file.refuse("holds no LLaVA projector");
  require_projector(file);
  const bool merges = file.has("clip.vision.mm_patch_merge_type") &&
                      file.text("clip.vision.mm_patch_merge_type").value_or("") != "flat";
  if (merges || file.has("clip.vision.image_grid_pinpoints") || file.tensor("v.image_newline") != nullptr ||
      file.tensor("model.image_newline") != nullptr) {
    file.refuse(
        "is the mmproj file of a LLaVA-1.6, which cuts pictures into tiles; one of LLaVA-1.5 is needed");
  }
  for (const char* name : {"v.patch_embd.bias", "mm.1.weight", "mm.3.weight", "mm.4.weight"}) {
    if (file.tensor(name) != nullptr) file.refuse(format("has the tensor %s, which no LLaVA-1.5 has", name));
  }
}

/**
 * LLaVA-1.5 takes the output of CLIP-L's last block but one. Most files store only the 23 blocks up to there.
 * `clip.vision.feature_layer` means what it means to llama.cpp and its converter: the number of blocks to
 * run.
 */
int64_t blocks_to_run(const GgufFile& file, int64_t stored, int64_t width) {
  const auto layer = file.integer("clip.vision.feature_layer");
  if (!layer) return stored == 24 && width == 1024 ? 23 : stored;
  if (*layer < 1 || *layer > stored) {
    file.refuse(format("clip.vision.feature_layer is %lld; a number of blocks from 1 to %lld is needed",
                       static_cast<long long>(*layer), static_cast<long long>(stored)));
  }
  return *layer;
}

VisionShape::Activation read_activation(const GgufFile& file) {
  const bool gelu = file.flag("clip.use_gelu").value_or(false);
  const bool silu = file.flag("clip.use_silu").value_or(false);
  if (gelu && silu) file.refuse("asks for clip.use_gelu and clip.use_silu at once");
  if (gelu) return VisionShape::Activation::kGelu;
  return silu ? VisionShape::Activation::kSilu : VisionShape::Activation::kQuickGelu;
}

}  // namespace

VisionShape read_vision_shape(const GgufFile& file) {
  require_llava15(file);
  VisionShape shape{};
  shape.image_size = size_key(file, "clip.vision.image_size", kMaxImageSize);
  shape.patch_size = size_key(file, "clip.vision.patch_size", shape.image_size);
  if (shape.image_size % shape.patch_size != 0 || shape.tokens() > kMaxTokens) {
    file.refuse(format(
        "has pictures of %lld pixels a side in patches of %lld; patches must divide them into at most %lld",
        static_cast<long long>(shape.image_size), static_cast<long long>(shape.patch_size),
        static_cast<long long>(kMaxTokens)));
  }
  shape.width = size_key(file, "clip.vision.embedding_length", kMaxWidth);
  shape.heads = size_key(file, "clip.vision.attention.head_count", shape.width);
  if (shape.width % shape.heads != 0) {
    file.refuse(format("has %lld attention heads, which do not divide a width of %lld",
                       static_cast<long long>(shape.heads), static_cast<long long>(shape.width)));
  }
  if (shape.positions() * shape.positions() * shape.heads * 4 > kMaxScoreBytes) {
    file.refuse(format("would need attention over %lld patches with %lld heads, more than 2 GiB of scores",
                       static_cast<long long>(shape.tokens()), static_cast<long long>(shape.heads)));
  }
  shape.stored_blocks = size_key(file, "clip.vision.block_count", kMaxBlocks);
  shape.blocks = blocks_to_run(file, shape.stored_blocks, shape.width);
  shape.activation = read_activation(file);
  const auto epsilon = file.numbers("clip.vision.attention.layer_norm_epsilon");
  if (!epsilon || epsilon->size() != 1 || !((*epsilon)[0] > 0 && (*epsilon)[0] < 1)) {
    file.refuse("needs a small positive number in the key clip.vision.attention.layer_norm_epsilon");
  }
  shape.epsilon = static_cast<float>((*epsilon)[0]);
  shape.mean = colour_key(file, "clip.vision.image_mean");
  shape.std = colour_key(file, "clip.vision.image_std");
  for (const float value : shape.std) {
    if (!(value > 0)) file.refuse("needs positive numbers in the key clip.vision.image_std");
  }
  return shape;
}
