using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Application.Runs.Live;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Application;

/// <summary>Registers the application services.</summary>
public static class ApplicationServiceCollectionExtensions
{
    /// <summary>Adds the message handlers and the pipeline behaviors.</summary>
    /// <param name="services">The service collection.</param>
    /// <param name="autoMapperLicenseKey">AutoMapper's license key. Without a key it works and logs a warning.</param>
    public static IServiceCollection AddApplication(this IServiceCollection services, string? autoMapperLicenseKey)
    {
        services.AddMediator(options =>
        {
            options.Assemblies = [typeof(AddRunCommand)];
            options.ServiceLifetime = ServiceLifetime.Singleton;
            options.PipelineBehaviors = [typeof(LoggingBehavior<,>), typeof(ValidationBehavior<,>)];
            options.StreamPipelineBehaviors = [typeof(StreamLoggingBehavior<,>), typeof(StreamValidationBehavior<,>)];
        });
        services.AddValidatorsFromAssemblyContaining<AddRunValidator>(
            ServiceLifetime.Singleton,
            includeInternalTypes: true
        );
        services.AddSingleton(typeof(IMessageValidator<>), typeof(MessageValidator<>));
        services.AddSingleton<RunChangeFeeds>();
        services.AddSingleton<IRunChangeSignal>(provider => provider.GetRequiredService<RunChangeFeeds>());
        services.AddSingleton<RecentRunFamilies>();
        services.AddAutoMapper(options =>
        {
            options.LicenseKey = autoMapperLicenseKey;
            options.AddProfile<RunMappingProfile>();
        });
        return services;
    }
}
