#include "llm/packed_adapters.hpp"

#include <cstdint>
#include <cstring>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

json to_json(const at::Tensor& factor) {
  EDGEFUSE_EXPECTS(factor.scalar_type() == at::kFloat, "float32 factors");
  const at::Tensor dense = factor.contiguous();
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(dense.nbytes()));
  std::memcpy(bytes.data(), dense.data_ptr(), bytes.size());
  return {dense.size(0), dense.size(1), json::binary(std::move(bytes))};
}

at::Tensor tensor_of(const json& packed) {
  const at::Tensor factor = at::empty({packed[0].get<std::int64_t>(), packed[1].get<std::int64_t>()}, at::kFloat);
  const auto& bytes = packed[2].get_binary();
  EDGEFUSE_EXPECTS(bytes.size() == static_cast<std::size_t>(factor.nbytes()), "a factor's bytes");
  std::memcpy(factor.data_ptr(), bytes.data(), bytes.size());
  return factor;
}

json to_json(const LoraSpec& spec) {
  json targets = json::array();
  for (const Projection target : spec.targets)
    targets.push_back(static_cast<int>(target));
  return {spec.rank, spec.alpha, spec.rslora, targets};
}

LoraSpec spec_of(const json& packed) {
  LoraSpec spec{packed[0].get<std::int64_t>(), packed[1].get<double>(), packed[2].get<bool>(), {}};
  for (const json& target : packed[3])
    spec.targets.push_back(static_cast<Projection>(target.get<int>()));
  return spec;
}

json to_json(ModuleId id) {
  return {id.layer, static_cast<int>(id.projection)};
}

ModuleId module_of(const json& packed) {
  return {packed[0].get<std::int32_t>(), static_cast<Projection>(packed[1].get<int>())};
}

}  // namespace

std::string pack(const std::vector<TrainedAdapter>& trained) {
  json all = json::array();
  for (const auto& [adapter, losses, norms, stopped, cores] : trained) {
    json modules = json::array();
    for (const auto& [id, factors] : adapter.modules)
      modules.push_back({to_json(id), to_json(factors.a), to_json(factors.b)});
    json matrices = json::array();
    for (const auto& [id, r] : cores)
      matrices.push_back({to_json(id), to_json(r)});
    all.push_back({to_json(adapter.spec), std::move(modules), losses, norms, stopped, std::move(matrices)});
  }
  const auto bytes = json::to_cbor(all);
  return {bytes.begin(), bytes.end()};
}

std::vector<TrainedAdapter> unpack(std::string_view bytes) {
  std::vector<TrainedAdapter> trained;
  for (const json& one : json::from_cbor(bytes)) {
    Adapter adapter{spec_of(one[0]), {}};
    for (const json& module : one[1])
      adapter.modules[module_of(module[0])] = {tensor_of(module[1]), tensor_of(module[2])};
    CoreMatrices cores;
    for (const json& matrix : one[5])
      cores[module_of(matrix[0])] = tensor_of(matrix[1]);
    trained.push_back({std::move(adapter), one[2].get<std::vector<double>>(), one[3].get<std::vector<double>>(),
                       one[4].get<bool>(), std::move(cores)});
  }
  return trained;
}

}  // namespace edgefuse::llm
