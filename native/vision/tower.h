#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "vision/graph.h"

/** What a picture becomes. */
struct EncodedPicture {
  std::vector<float> features;   // tokens × output_width
  std::vector<float> attention;  // tokens: what the class token attends to in the last block, mean of its heads
};

/** A loaded vision tower: weights, graph and backends. No N-API types; used by one thread at a time. */
class VisionTower {
 public:
  /** An empty device name means the CPU. Throws Failure; CANCELLED soon after the flag is set. */
  VisionTower(const std::string& path, const std::string& device, int threads,
              const std::atomic<bool>& cancelled);

  const VisionShape& shape() const { return shape_; }
  int64_t output_width() const { return weights_.projector.output_width; }
  uint64_t weight_bytes() const { return weights_.bytes(); }
  uint64_t compute_bytes() const;  // on the chosen device, for one picture
  size_t pixel_bytes() const;     // of one picture: RGB, row by row
  size_t feature_values() const;  // tokens × output_width

  /**
   * pixels → image features, with the attention they got. Throws CANCELLED soon after the flag is set where the backend looks at it while
   * it computes (the CPU does), else when the picture is done.
   */
  EncodedPicture encode(const std::vector<uint8_t>& pixels, const std::atomic<bool>& cancelled);

 private:
  VisionTower(GgufFile file, ggml_backend_dev_t device, int threads, const std::atomic<bool>& cancelled);
  std::vector<float> unfold(const std::vector<uint8_t>& pixels) const;
  std::vector<float> read_attention() const;

  std::string path_;  // for messages; the file is closed once it is loaded
  VisionShape shape_;
  VisionWeights weights_;
  VisionGraph graph_;
  std::vector<BackendPtr> backends_;  // the chosen device first, the CPU last
  SchedulerPtr scheduler_;            // before the backends it uses: destroyed first
};
