#include "bridge/cpu_graph.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "bridge/panel_device.h"
#include "ggml-backend-impl.h"
#include "ggml/devices.h"
#include "ggml/handles.h"
#include "kernels/dispatch.h"

namespace {

/** A graph some of whose operations are computed here, for as long as this lives. */
class CpuGraph {
 public:
  /** @throws std::bad_alloc */
  explicit CpuGraph(ggml_cgraph* graph) {
    for (int i = 0; i < g.ggml_graph_n_nodes(graph); ++i) {
      ggml_tensor* node = g.ggml_graph_node(graph, i);
      std::unique_ptr<GraphOperation> work = kernels_.choose(node, is_on_panel_device(node->src[0]));
      if (work != nullptr) replaced_.push_back({*this, node, *node, std::move(work)});
    }
    replace();
  }
  ~CpuGraph() {
    for (const Replaced& replaced : replaced_) put(replaced.original, replaced.node);
  }
  CpuGraph(const CpuGraph&) = delete;
  CpuGraph& operator=(const CpuGraph&) = delete;

  bool had_memory() const { return had_memory_; }

 private:
  struct Replaced {
    CpuGraph& graph;
    ggml_tensor* node;
    ggml_tensor original;
    std::unique_ptr<GraphOperation> work;
  };

  void replace() {
    memory_.resize((replaced_.size() + 1) * g.ggml_tensor_overhead());
    const ContextPtr context(g.ggml_init({memory_.size(), memory_.data(), true}));
    for (Replaced& replaced : replaced_) {
      put(*g.ggml_custom_4d(context.get(), GGML_TYPE_F32, 1, 1, 1, 1, nullptr, 0, compute, GGML_N_TASKS_MAX,
                            &replaced),
          replaced.node);
    }
  }

  /** Only what is computed: a node keeps its place, its shape and its sources, as others of the graph see them. */
  static void put(const ggml_tensor& operation, ggml_tensor* node) {
    node->op = operation.op;
    std::copy(std::begin(operation.op_params), std::end(operation.op_params), node->op_params);
  }

  static void compute(ggml_tensor*, int thread, int threads, void* data) {
    auto& replaced = *static_cast<Replaced*>(data);
    if (!replaced.work->compute(thread, threads)) replaced.graph.had_memory_ = false;
  }

  KernelDispatch kernels_;
  std::vector<Replaced> replaced_;
  std::vector<char> memory_;
  std::atomic<bool> had_memory_{true};
};

using StartBackend = decltype(ggml_backend_device_i::init_backend);
using ComputeGraph = decltype(ggml_backend_i::graph_compute);

StartBackend start_cpu = nullptr;
std::atomic<ComputeGraph> compute_on_cpu{nullptr};

ggml_status compute_graph(ggml_backend_t backend, ggml_cgraph* graph) {
  try {
    const CpuGraph ours(graph);
    const ggml_status status = compute_on_cpu.load()(backend, graph);
    return ours.had_memory() ? status : GGML_STATUS_ALLOC_FAILED;
  } catch (const std::bad_alloc&) {
    return GGML_STATUS_ALLOC_FAILED;
  }
}

ggml_backend_t start_backend_of_cpu(ggml_backend_dev_t device, const char* parameters) {
  const ggml_backend_t backend = start_cpu(device, parameters);
  if (backend == nullptr) return nullptr;
  compute_on_cpu = backend->iface.graph_compute;
  backend->iface.graph_compute = compute_graph;
  return backend;
}

}  // namespace

void compute_own_operations() {
  static std::once_flag once;
  std::call_once(once, [] {
    const ggml_backend_dev_t cpu = cpu_device();
    start_cpu = cpu->iface.init_backend;
    cpu->iface.init_backend = start_backend_of_cpu;
  });
}
