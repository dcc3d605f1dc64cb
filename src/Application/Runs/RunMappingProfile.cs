using AutoMapper;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>The flat map from the aggregate to what is read back.</summary>
internal sealed class RunMappingProfile : Profile
{
    public RunMappingProfile()
    {
        CreateMap<Run, RunResponse>()
            .ForCtorParam(nameof(RunResponse.Id), o => o.MapFrom(r => r.Id.Value))
            .ForCtorParam(nameof(RunResponse.DisplayName), o => o.MapFrom(r => r.DisplayName.Value))
            .ForCtorParam(nameof(RunResponse.Status), o => o.MapFrom(r => r.Status.Name))
            .ForCtorParam(nameof(RunResponse.Statistics), o => o.MapFrom(r => r.Statistics.Json))
            .ForCtorParam(nameof(RunResponse.BlockingError), o => o.MapFrom(r => r.BlockingError == null ? null : r.BlockingError.Json));
    }
}
