#include "vision/tower.h"

#include <cmath>
#include <utility>

#include "failure.h"
#include "ggml/devices.h"

namespace {

bool is_set(void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load(); }

/** Lets the CPU backend look at the flag between two operations of a graph, for as long as this lives. */
class AbortOn {
 public:
  AbortOn(ggml_backend_t cpu, const std::atomic<bool>& flag) : cpu_(cpu) {
    set_ = reinterpret_cast<ggml_backend_set_abort_callback_t>(
        device_function(cpu_device(), "ggml_backend_set_abort_callback"));
    if (set_ != nullptr) set_(cpu_, is_set, const_cast<std::atomic<bool>*>(&flag));
  }
  ~AbortOn() {
    if (set_ != nullptr) set_(cpu_, nullptr, nullptr);
  }
  AbortOn(const AbortOn&) = delete;
  AbortOn& operator=(const AbortOn&) = delete;

 private:
  ggml_backend_t cpu_;
  ggml_backend_set_abort_callback_t set_ = nullptr;
};

Attention attention_on(ggml_backend_dev_t device) {
  return device == cpu_device() ? Attention::kFused : Attention::kPlain;
}

}  // namespace

VisionTower::VisionTower(const std::string& path, const std::string& device, int threads,
                         const std::atomic<bool>& cancelled)
    : VisionTower(GgufFile(path), find_device(device), threads, cancelled) {}

VisionTower::VisionTower(GgufFile file, ggml_backend_dev_t device, int threads,
                         const std::atomic<bool>& cancelled)
    : path_(file.path()),
      shape_(read_vision_shape(file)),
      weights_(load_vision_weights(file, shape_, device, cancelled)),
      graph_(build_vision_graph(shape_, weights_, attention_on(device), threads)) {
  if (device != cpu_device()) backends_.push_back(start_backend(device, threads));
  backends_.push_back(start_backend(cpu_device(), threads));
  std::vector<ggml_backend_t> order;
  for (const BackendPtr& backend : backends_) order.push_back(backend.get());
  // The scheduler moves to the CPU whatever the device has no kernel for.
  scheduler_.reset(g.ggml_backend_sched_new(order.data(), nullptr, static_cast<int>(order.size()),
                                            graph_.capacity * 2, false, false));
  if (scheduler_ == nullptr || !g.ggml_backend_sched_alloc_graph(scheduler_.get(), graph_.graph)) {
    throw Failure(code::kOutOfMemory,
                  format("%s has no memory for encoding pictures", g.ggml_backend_dev_name(device)));
  }
}

uint64_t VisionTower::compute_bytes() const {
  return g.ggml_backend_sched_get_buffer_size(scheduler_.get(), backends_.front().get());
}

size_t VisionTower::pixel_bytes() const {
  return static_cast<size_t>(3 * shape_.image_size * shape_.image_size);
}

size_t VisionTower::feature_values() const { return static_cast<size_t>(shape_.tokens() * output_width()); }

std::vector<float> VisionTower::unfold(const std::vector<uint8_t>& pixels) const {
  float level[3][256];
  for (size_t c = 0; c < 3; ++c) {
    for (int x = 0; x < 256; ++x)
      level[c][x] = (static_cast<float>(x) / 255.0f - shape_.mean[c]) / shape_.std[c];
  }
  const auto size = static_cast<size_t>(shape_.image_size);
  const auto side = static_cast<size_t>(shape_.patch_size);
  std::vector<float> patches;
  patches.reserve(pixels.size());
  for (size_t top = 0; top < size; top += side) {
    for (size_t left = 0; left < size; left += side) {
      for (size_t c = 0; c < 3; ++c) {
        for (size_t y = top; y < top + side; ++y) {
          for (size_t x = left; x < left + side; ++x)
            patches.push_back(level[c][pixels[3 * (y * size + x) + c]]);
        }
      }
    }
  }
  return patches;
}

std::vector<float> VisionTower::read_attention() const {
  const auto positions = static_cast<size_t>(shape_.positions());
  const auto heads = static_cast<size_t>(shape_.heads);
  std::vector<float> shares(positions * heads);
  g.ggml_backend_tensor_get(graph_.attention, shares.data(), 0, shares.size() * sizeof(float));
  // Without the class token itself, which comes first.
  std::vector<float> mean(positions - 1, 0.0f);
  for (size_t head = 0; head < heads; ++head) {
    for (size_t i = 0; i < mean.size(); ++i)
      mean[i] += shares[head * positions + i + 1] / static_cast<float>(heads);
  }
  return mean;
}

EncodedPicture VisionTower::encode(const std::vector<uint8_t>& pixels, const std::atomic<bool>& cancelled) {
  if (pixels.size() != pixel_bytes()) throw Failure(code::kInvalidArgument, "wrong number of pixel bytes");
  const std::vector<float> patches = unfold(pixels);
  g.ggml_backend_tensor_set(graph_.input, patches.data(), 0, patches.size() * sizeof(float));
  ggml_status status = GGML_STATUS_ABORTED;
  if (!cancelled) {
    const AbortOn abort(backends_.back().get(), cancelled);
    status = g.ggml_backend_sched_graph_compute(scheduler_.get(), graph_.graph);
  }
  if (cancelled) throw Failure(code::kCancelled, "encoding the picture was cancelled");
  if (status == GGML_STATUS_ALLOC_FAILED)
    throw Failure(code::kOutOfMemory, "no memory for encoding the picture");
  if (status != GGML_STATUS_SUCCESS) {
    throw Failure(code::kEngine,
                  format("encoding the picture failed (ggml status %d)", static_cast<int>(status)));
  }
  std::vector<float> features(feature_values());
  g.ggml_backend_tensor_get(graph_.output, features.data(), 0, features.size() * sizeof(float));
  for (const float value : features) {
    if (!std::isfinite(value)) {
      throw Failure(
          code::kEngine,
          path_ + ": the image features are not finite numbers; the weights are damaged or the device fails");
    }
  }
  return {std::move(features), read_attention()};
}
