// stand-in until the operators' values come
#pragma once
namespace troupe { struct described_cluster{}; struct changed_members{}; struct change_members{}; struct describe_cluster{}; }
