#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

void ModuleLocalRule::fuse(const ModuleSource& modules, const DeltaSink& sink) const {
  for (const auto& [id, shape] : modules.shapes)
    sink(id, fuse_module(modules.parts(id), modules));
}

}  // namespace edgefuse::server
