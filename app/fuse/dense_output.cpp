#include <string>

#include <ATen/ATen.h>

#include "app/fuse/fused_output.hpp"
#include "llm/safetensors_writer.hpp"
#include "sim/output_folder.hpp"

namespace edgefuse::app {
namespace {

constexpr const char* file_name = "delta.safetensors";

std::map<std::string, llm::TensorType> types(const std::map<llm::ModuleId, llm::MatrixShape>& shapes) {
  std::map<std::string, llm::TensorType> types;
  for (const auto& [id, shape] : shapes)
    types[id.name()] = {.dtype = at::kFloat, .shape = {shape.out, shape.in}};
  return types;
}

class DenseOutput final : public FusedOutput {
 public:
  DenseOutput(const std::filesystem::path& folder, const std::map<llm::ModuleId, llm::MatrixShape>& shapes)
      : files_{folder}, writer_{files_.partial() / file_name, types(shapes)} {}

  Written take(llm::ModuleId id, const llm::ModuleDelta& change) override {
    writer_.write(id.name(), llm::dense(change).to(at::kFloat));
    return {.change = change};
  }
  void finish() override {
    writer_.commit();
    files_.commit(file_name);
  }

 private:
  OutputFolder files_;
  llm::SafetensorsWriter writer_;
};

}  // namespace

std::unique_ptr<FusedOutput> dense_output(const std::filesystem::path& folder,
                                          const std::map<llm::ModuleId, llm::MatrixShape>& shapes) {
  return std::make_unique<DenseOutput>(folder, shapes);
}

}  // namespace edgefuse::app
