#include "vision/weights.h"

#include <algorithm>
#include <array>
#include <memory>

#include "failure.h"
#include "ggml/devices.h"
#include "kernels/float/panel_matmul.h"

namespace {

constexpr uint64_t kChunkBytes = 8u << 20;
constexpr int64_t kMaxHidden = int64_t{1} << 17;  // bounds what the activations between two matrices can take

using Shape = std::array<int64_t, 4>;  // as in ggml: the contiguous dimension first, unused ones are 1

std::string shape_text(const Shape& ne) {
  std::string text = std::to_string(ne[0]);
  int last = 3;
  while (last > 0 && ne[last] == 1) --last;
  for (int i = 1; i <= last; ++i) text += "x" + std::to_string(ne[i]);
  return text;
}

/** Types that ggml's CPU and GPU kernels multiply by; the rest (codebook types and such) is unpacked at load.
 */
bool is_common(ggml_type type) {
  switch (type) {
    case GGML_TYPE_F32:
    case GGML_TYPE_F16:
    case GGML_TYPE_BF16:
    case GGML_TYPE_Q4_0:
    case GGML_TYPE_Q4_1:
    case GGML_TYPE_Q5_0:
    case GGML_TYPE_Q5_1:
    case GGML_TYPE_Q8_0:
    case GGML_TYPE_Q2_K:
    case GGML_TYPE_Q3_K:
    case GGML_TYPE_Q4_K:
    case GGML_TYPE_Q5_K:
    case GGML_TYPE_Q6_K:
    case GGML_TYPE_IQ4_NL:
    case GGML_TYPE_IQ4_XS: return true;
    default: return false;
  }
}

bool is_readable(ggml_type type) {
  return type == GGML_TYPE_F32 || g.ggml_get_type_traits(type)->to_float != nullptr;
}

/**
 * Reads a tensor's data from its file into an allocated tensor of as many values, in pieces, converting it
 * where the types differ: to float32 or float16, from any type that ggml can unpack. Throws INVALID_WEIGHTS
 * when it ends early.
 */
void fill_tensor(GgufFile& file, const GgufFile::Tensor& source, ggml_tensor* target) {
  if (source.type == target->type && g.ggml_backend_buffer_is_host(target->buffer)) {
    file.read(source, 0, target->data, static_cast<size_t>(source.bytes));
    return;
  }
  const uint64_t row_bytes = g.ggml_row_size(source.type, source.ne[0]);
  const uint64_t rows = source.bytes / row_bytes;
  const uint64_t rows_at_once = std::max<uint64_t>(1, kChunkBytes / row_bytes);
  const auto to_float = g.ggml_get_type_traits(source.type)->to_float;
  std::vector<char> raw;
  std::vector<float> floats;
  std::vector<ggml_fp16_t> halves;
  size_t target_offset = 0;
  for (uint64_t row = 0; row < rows; row += rows_at_once) {
    const uint64_t count = std::min(rows_at_once, rows - row);
    const size_t values = static_cast<size_t>(count) * static_cast<size_t>(source.ne[0]);
    raw.resize(static_cast<size_t>(count * row_bytes));
    file.read(source, row * row_bytes, raw.data(), raw.size());
    const void* data = raw.data();
    size_t size = raw.size();
    if (source.type != target->type) {
      if (source.type != GGML_TYPE_F32) {
        floats.resize(values);
        to_float(raw.data(), floats.data(), static_cast<int64_t>(values));
        data = floats.data();
      }
      size = values * sizeof(float);
      if (target->type == GGML_TYPE_F16) {
        halves.resize(values);
        g.ggml_fp32_to_fp16_row(static_cast<const float*>(data), halves.data(), static_cast<int64_t>(values));
        data = halves.data();
        size = values * sizeof(ggml_fp16_t);
      }
    }
    g.ggml_backend_tensor_set(target, data, target_offset, size);
    target_offset += size;
  }
}

/** Reads a matrix into a tensor of the same type in host memory, laid out in panels for PanelMatmul. */
void fill_panels(GgufFile& file, const GgufFile::Tensor& source, ggml_tensor* target) {
  const auto bytes = static_cast<size_t>(source.bytes);
  const std::unique_ptr<char[]> raw(new char[bytes]);
  file.read(source, 0, raw.get(), bytes);
  PanelMatmul::pack(source.type, raw.get(), source.ne[0], source.ne[1], target->data);
}

/** Plans all tensors first, then takes memory for them, then fills it. */
class Loader {
 public:
  Loader(GgufFile& file, const VisionShape& shape, ggml_backend_dev_t device)
      : file_(file), shape_(shape), device_(device) {}

  VisionWeights load(const std::atomic<bool>& cancelled);

 private:
  struct Load {
    const GgufFile::Tensor* source;
    ggml_tensor* target;
    bool in_panels;
  };

  const GgufFile::Tensor& find(const std::string& name) const;
  const GgufFile::Tensor& find(const std::string& name, const Shape& needed) const;
  ggml_tensor* add(const GgufFile::Tensor& source, ggml_type type, int64_t columns, int64_t rows);
  ggml_tensor* vector(const std::string& name, int64_t size);
  Affine norm(const std::string& name, int64_t size);
  Affine linear(const std::string& name, int64_t in, int64_t out);
  void plan_input();
  BlockWeights plan_block(const std::string& prefix);
  ggml_type type_on_device(ggml_type stored, int64_t in, int64_t out) const;
  bool device_multiplies(ggml_type type, int64_t in, int64_t out) const;
  void allocate();

  GgufFile& file_;
  const VisionShape& shape_;
  ggml_backend_dev_t device_;
  VisionWeights weights_;
  std::vector<Load> loads_;
};

VisionWeights Loader::load(const std::atomic<bool>& cancelled) {
  const size_t most_tensors = 16 + 16 * static_cast<size_t>(shape_.blocks);
  weights_.context.reset(g.ggml_init({most_tensors * g.ggml_tensor_overhead(), nullptr, true}));
  if (weights_.context == nullptr)
    throw Failure(code::kOutOfMemory, "no memory for the vision tower's tensor list");
  plan_input();
  for (int64_t i = 0; i < shape_.blocks; ++i)
    weights_.blocks.push_back(plan_block("v.blk." + std::to_string(i) + "."));
  weights_.projector = plan_projector(
      file_, shape_.width,
      [this](const std::string& name, int64_t in, int64_t out) { return linear(name, in, out); });
  allocate();
  for (const Load& load : loads_) {
    if (cancelled) throw Failure(code::kCancelled, "loading the vision tower was cancelled");
    if (load.in_panels) {
      fill_panels(file_, *load.source, load.target);
    } else {
      fill_tensor(file_, *load.source, load.target);
    }
  }
  return std::move(weights_);
}

void Loader::allocate() {
  weights_.buffer.reset(g.ggml_backend_alloc_ctx_tensors_from_buft(weights_.context.get(),
                                                                   g.ggml_backend_dev_buffer_type(device_)));
  if (weights_.buffer == nullptr) {
    uint64_t bytes = 0;
    for (const Load& load : loads_) bytes += g.ggml_nbytes(load.target);
    throw Failure(code::kOutOfMemory,
                  format("%s cannot hold the vision tower's %llu MiB of weights",
                         g.ggml_backend_dev_name(device_), static_cast<unsigned long long>(bytes >> 20)));
  }
  g.ggml_backend_buffer_set_usage(weights_.buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
}

const GgufFile::Tensor& Loader::find(const std::string& name) const {
  const GgufFile::Tensor& tensor = file_.need(name);
  if (!is_readable(tensor.type)) {
    file_.refuse(format("the tensor %s has the type %s, which cannot be used", name.c_str(),
                        g.ggml_type_name(tensor.type)));
  }
  return tensor;
}

const GgufFile::Tensor& Loader::find(const std::string& name, const Shape& needed) const {
  const GgufFile::Tensor& tensor = find(name);
  if (tensor.ne != needed) {
    file_.refuse(format("the tensor %s has the shape %s; %s is needed", name.c_str(),
                        shape_text(tensor.ne).c_str(), shape_text(needed).c_str()));
  }
  return tensor;
}

ggml_tensor* Loader::add(const GgufFile::Tensor& source, ggml_type type, int64_t columns, int64_t rows) {
  ggml_tensor* target = g.ggml_new_tensor_2d(weights_.context.get(), type, columns, rows);
  g.ggml_set_name(target, source.name.c_str());
  loads_.push_back({&source, target, false});
  return target;
}

ggml_tensor* Loader::vector(const std::string& name, int64_t size) {
  return add(find(name, {size, 1, 1, 1}), GGML_TYPE_F32, size, 1);
}

Affine Loader::norm(const std::string& name, int64_t size) {
  return {vector(name + ".weight", size), vector(name + ".bias", size), false};
}

Affine Loader::linear(const std::string& name, int64_t in, int64_t out) {
  const GgufFile::Tensor& source = find(name + ".weight", {in, out, 1, 1});
  if (out > kMaxHidden)
    file_.refuse(format("the tensor %s has %lld rows", source.name.c_str(), static_cast<long long>(out)));
  const bool in_panels = device_ == cpu_device() && PanelMatmul::supports(source.type);
  const ggml_type type = in_panels ? source.type : type_on_device(source.type, in, out);
  ggml_tensor* weight = add(source, type, in, in_panels ? PanelMatmul::padded(out) : out);
  loads_.back().in_panels = in_panels;
  return {weight, vector(name + ".bias", out), in_panels};
}

void Loader::plan_input() {
  const int64_t width = shape_.width;
  const GgufFile::Tensor& patches =
      find("v.patch_embd.weight", {shape_.patch_size, shape_.patch_size, 3, width});
  // Small, and 588 values a row fit no packed type: float32 keeps the pixels exact.
  weights_.patch = add(patches, GGML_TYPE_F32, shape_.patch_values(), width);
  weights_.class_token = vector("v.class_embd", width);
  weights_.position = add(find("v.position_embd.weight", {width, shape_.positions(), 1, 1}), GGML_TYPE_F32,
                          width, shape_.positions());
  weights_.pre_norm = norm("v.pre_ln", width);
}

BlockWeights Loader::plan_block(const std::string& prefix) {
  const int64_t width = shape_.width;
  BlockWeights block;
  block.norm1 = norm(prefix + "ln1", width);
  block.query = linear(prefix + "attn_q", width, width);
  block.key = linear(prefix + "attn_k", width, width);
  block.value = linear(prefix + "attn_v", width, width);
  block.out = linear(prefix + "attn_out", width, width);
  block.norm2 = norm(prefix + "ln2", width);
  // The published files call the first matrix of the MLP ffn_down, later ones ffn_up: the one that takes
  // `width` values is the first. Where both do, the published files' naming holds, as in llama.cpp.
  const bool down_first = find(prefix + "ffn_down.weight").ne[0] == width;
  const std::string first = prefix + (down_first ? "ffn_down" : "ffn_up");
  const std::string second = prefix + (down_first ? "ffn_up" : "ffn_down");
  const int64_t hidden = find(first + ".weight").ne[1];
  block.mlp_in = linear(first, width, hidden);
  block.mlp_out = linear(second, hidden, width);
  return block;
}

bool Loader::device_multiplies(ggml_type type, int64_t in, int64_t out) const {
  const ContextPtr scratch(g.ggml_init({4 * g.ggml_tensor_overhead(), nullptr, true}));
  if (scratch == nullptr) return false;
  ggml_tensor* weight = g.ggml_new_tensor_2d(scratch.get(), type, in, out);
  ggml_tensor* input = g.ggml_new_tensor_2d(scratch.get(), GGML_TYPE_F32, in, shape_.positions());
  return g.ggml_backend_dev_supports_op(device_, g.ggml_mul_mat(scratch.get(), weight, input));
}

ggml_type Loader::type_on_device(ggml_type stored, int64_t in, int64_t out) const {
  if (is_common(stored) && device_multiplies(stored, in, out)) return stored;
  return device_multiplies(GGML_TYPE_F16, in, out) ? GGML_TYPE_F16 : GGML_TYPE_F32;
}

}  // namespace

VisionWeights load_vision_weights(GgufFile& file, const VisionShape& shape, ggml_backend_dev_t device,
                                  const std::atomic<bool>& cancelled) {
  return Loader(file, shape, device).load(cancelled);
}
