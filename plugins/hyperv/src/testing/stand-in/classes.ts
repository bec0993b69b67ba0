/**
 * The classes that the stand-in has, and their properties as they are documented: name and type, `[]` behind what is an array.
 * Every other property is a fault.
 */
const PROPERTIES: Readonly<Record<string, string>> = {
  Msvm_ComputerSystem: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    CreationClassName:string Name:string PrimaryOwnerName:string PrimaryOwnerContact:string Roles:string[]
    NameFormat:string OtherIdentifyingInfo:string[] IdentifyingDescriptions:string[] Dedicated:uint16[]
    OtherDedicatedDescriptions:string[] ResetCapability:uint16 PowerManagementCapabilities:uint16[]
    OnTimeInMilliseconds:uint64 ProcessID:uint32 TimeOfLastConfigurationChange:datetime NumberOfNumaNodes:uint16
    ReplicationState:uint16 ReplicationHealth:uint16 ReplicationMode:uint16 FailedOverReplicationType:uint16
    LastReplicationType:uint16 LastApplicationConsistentReplicationTime:datetime LastReplicationTime:datetime
    LastSuccessfulBackupTime:datetime EnhancedSessionModeState:uint16`,
  Msvm_ConcreteJob: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    JobStatus:string TimeSubmitted:datetime ScheduledStartTime:datetime StartTime:datetime ElapsedTime:datetime
    JobRunTimes:uint32 RunMonth:uint8 RunDay:sint8 RunDayOfWeek:sint8 RunStartInterval:datetime
    LocalOrUtcTime:uint16 UntilTime:datetime Notify:string Owner:string Priority:uint32 PercentComplete:uint16
    DeleteOnCompletion:boolean ErrorCode:uint16 ErrorDescription:string ErrorSummaryDescription:string
    RecoveryAction:uint16 OtherRecoveryAction:string JobState:uint16 TimeOfLastStateChange:datetime
    TimeBeforeRemoval:datetime Cancellable:boolean JobType:uint16`,
  Msvm_MemorySettingData: `
    InstanceID:string Caption:string Description:string ElementName:string ResourceType:uint16
    OtherResourceType:string ResourceSubType:string PoolID:string ConsumerVisibility:uint16
    HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 Reservation:uint64 Limit:uint64
    Weight:uint32 AutomaticAllocation:boolean AutomaticDeallocation:boolean Parent:string Connection:string[]
    Address:string MappingBehavior:uint16 AddressOnParent:string VirtualQuantityUnits:string
    DynamicMemoryEnabled:boolean TargetMemoryBuffer:uint32 IsVirtualized:boolean SwapFilesInUse:boolean
    MaxMemoryBlocksPerNumaNode:uint64`,
  Msvm_ProcessorSettingData: `
    InstanceID:string Caption:string Description:string ElementName:string ResourceType:uint16
    OtherResourceType:string ResourceSubType:string PoolID:string ConsumerVisibility:uint16
    HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 Reservation:uint64 Limit:uint64
    Weight:uint32 AutomaticAllocation:boolean AutomaticDeallocation:boolean Parent:string Connection:string[]
    Address:string MappingBehavior:uint16 AddressOnParent:string VirtualQuantityUnits:string LimitCPUID:boolean
    LimitProcessorFeatures:boolean MaxProcessorsPerNumaNode:uint64 MaxNumaNodesPerSocket:uint64`,
  Msvm_VirtualSystemSettingData: `
    InstanceID:string Caption:string Description:string ElementName:string VirtualSystemIdentifier:string
    VirtualSystemType:string Notes:string[] CreationTime:datetime ConfigurationID:string
    ConfigurationDataRoot:string ConfigurationFile:string SnapshotDataRoot:string SuspendDataRoot:string
    SwapFileDataRoot:string LogDataRoot:string AutomaticStartupAction:uint16
    AutomaticStartupActionDelay:datetime AutomaticStartupActionSequenceNumber:uint16
    AutomaticShutdownAction:uint16 AutomaticRecoveryAction:uint16 RecoveryFile:string BIOSGUID:string
    BIOSSerialNumber:string BaseBoardSerialNumber:string ChassisSerialNumber:string ChassisAssetTag:string
    BIOSNumLock:boolean BootOrder:uint16[] Parent:string IsSaved:boolean AdditionalRecoveryInformation:string
    AllowFullSCSICommandSet:boolean DebugChannelId:uint32 DebugPortEnabled:uint16 DebugPort:uint32
    Version:string IncrementalBackupEnabled:boolean VirtualNumaEnabled:boolean AllowReducedFcRedundancy:boolean
    VirtualSystemSubType:string BootSourceOrder:string[] PauseAfterBootFailure:boolean
    NetworkBootPreferredProtocol:uint16 SecureBootEnabled:boolean LowMmioGapSize:uint64`,
  Win32_ComputerSystem: `
    AdminPasswordStatus:uint16 AutomaticManagedPagefile:boolean AutomaticResetBootOption:boolean
    AutomaticResetCapability:boolean BootOptionOnLimit:uint16 BootOptionOnWatchDog:uint16
    BootROMSupported:boolean BootupState:string Caption:string ChassisBootupState:uint16
    CreationClassName:string CurrentTimeZone:int16 DaylightInEffect:boolean Description:string
    DNSHostName:string Domain:string DomainRole:uint16 EnableDaylightSavingsTime:boolean
    FrontPanelResetStatus:uint16 InfraredSupported:boolean InstallDate:datetime KeyboardPasswordStatus:uint16
    LastLoadInfo:string Manufacturer:string Model:string Name:string NameFormat:string
    NetworkServerModeEnabled:boolean NumberOfLogicalProcessors:uint32 NumberOfProcessors:uint32
    OEMLogoBitmap:uint8[] OEMStringArray:string[] PartOfDomain:boolean PauseAfterReset:int64 PCSystemType:uint16
    PowerManagementCapabilities:uint16[] PowerManagementSupported:boolean PowerOnPasswordStatus:uint16
    PowerState:uint16 PowerSupplyState:uint16 PrimaryOwnerContact:string PrimaryOwnerName:string
    ResetCapability:uint16 ResetCount:int16 ResetLimit:int16 Roles:string[] Status:string
    SupportContactDescription:string[] SystemStartupDelay:uint16 SystemStartupOptions:string[]
    SystemStartupSetting:uint8 SystemType:string ThermalState:uint16 TotalPhysicalMemory:uint64 UserName:string
    WakeUpType:uint16 Workgroup:string`,
  Win32_Processor: `
    AddressWidth:uint16 Architecture:uint16 Availability:uint16 Caption:string ConfigManagerErrorCode:uint32
    ConfigManagerUserConfig:boolean CpuStatus:uint16 CreationClassName:string CurrentClockSpeed:uint32
    CurrentVoltage:uint16 DataWidth:uint16 Description:string DeviceID:string ErrorCleared:boolean
    ErrorDescription:string ExtClock:uint32 Family:uint16 InstallDate:datetime L2CacheSize:uint32
    L2CacheSpeed:uint32 L3CacheSize:uint32 L3CacheSpeed:uint32 LastErrorCode:uint32 Level:uint16
    LoadPercentage:uint16 Manufacturer:string MaxClockSpeed:uint32 Name:string NumberOfCores:uint32
    NumberOfLogicalProcessors:uint32 OtherFamilyDescription:string PNPDeviceID:string
    PowerManagementCapabilities:uint16[] PowerManagementSupported:boolean ProcessorId:string
    ProcessorType:uint16 Revision:uint16 Role:string SocketDesignation:string Status:string StatusInfo:uint16
    Stepping:string SystemCreationClassName:string SystemName:string UniqueId:string UpgradeMethod:uint16
    Version:string VoltageCaps:uint32`,
  CIM_DataFile: `
    AccessMask:uint32 Archive:boolean Caption:string Compressed:boolean CompressionMethod:string
    CreationClassName:string CreationDate:datetime CSCreationClassName:string CSName:string Description:string
    Drive:string EightDotThreeFileName:string Encrypted:boolean EncryptionMethod:string Extension:string
    FileName:string FileSize:uint64 FileType:string FSCreationClassName:string FSName:string Hidden:boolean
    InstallDate:datetime InUseCount:uint64 LastAccessed:datetime LastModified:datetime Manufacturer:string
    Name:string Path:string Readable:boolean Status:string System:boolean Version:string Writeable:boolean`,
  Win32_ComputerSystemProduct: `
    Caption:string Description:string IdentifyingNumber:string Name:string SKUNumber:string UUID:string
    Vendor:string Version:string`,
  Win32_PerfRawData_HvStats_HyperVHypervisorVirtualProcessor: `
    Caption:string Description:string Frequency_Sys100NS:uint64 Name:string PercentGuestRunTime:uint64
    PercentGuestRunTime_Base:uint64 PercentHypervisorRunTime:uint64 PercentHypervisorRunTime_Base:uint64
    PercentRemoteRunTime:uint64 PercentRemoteRunTime_Base:uint64 PercentTotalRunTime:uint64
    PercentTotalRunTime_Base:uint64 Timestamp_Sys100NS:uint64`,
  Win32_OperatingSystem: `
    BootDevice:string BuildNumber:string BuildType:string Caption:string CodeSet:string CountryCode:string
    CreationClassName:string CSCreationClassName:string CSDVersion:string CSName:string CurrentTimeZone:int16
    DataExecutionPrevention_Available:boolean DataExecutionPrevention_32BitApplications:boolean
    DataExecutionPrevention_Drivers:boolean DataExecutionPrevention_SupportPolicy:uint8 Debug:boolean
    Description:string Distributed:boolean EncryptionLevel:uint32 ForegroundApplicationBoost:uint8
    FreePhysicalMemory:uint64 FreeSpaceInPagingFiles:uint64 FreeVirtualMemory:uint64 InstallDate:datetime
    LargeSystemCache:uint32 LastBootUpTime:datetime LocalDateTime:datetime Locale:string Manufacturer:string
    MaxNumberOfProcesses:uint32 MaxProcessMemorySize:uint64 MUILanguages:string[] Name:string
    NumberOfLicensedUsers:uint32 NumberOfProcesses:uint32 NumberOfUsers:uint32 OperatingSystemSKU:uint32
    Organization:string OSArchitecture:string OSLanguage:uint32 OSProductSuite:uint32 OSType:uint16
    OtherTypeDescription:string PAEEnabled:boolean PlusProductID:string PlusVersionNumber:string Primary:boolean
    ProductType:uint32 RegisteredUser:string SerialNumber:string ServicePackMajorVersion:uint16
    ServicePackMinorVersion:uint16 SizeStoredInPagingFiles:uint64 Status:string SuiteMask:uint32
    SystemDevice:string SystemDirectory:string SystemDrive:string TotalSwapSpaceSize:uint64
    TotalVirtualMemorySize:uint64 TotalVisibleMemorySize:uint64 Version:string WindowsDirectory:string`,
  Msvm_VirtualSystemManagementService: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string PrimaryOwnerName:string
    PrimaryOwnerContact:string StartMode:string Started:boolean`,
  Msvm_ResourceAllocationSettingData: `
    InstanceID:string Caption:string Description:string ElementName:string ResourceType:uint16
    OtherResourceType:string ResourceSubType:string PoolID:string ConsumerVisibility:uint16
    HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 Reservation:uint64 Limit:uint64
    Weight:uint32 AutomaticAllocation:boolean AutomaticDeallocation:boolean Parent:string Connection:string[]
    Address:string MappingBehavior:uint16 AddressOnParent:string VirtualQuantityUnits:string
    VirtualSystemIdentifiers:string[]`,
  Msvm_SerialPortSettingData: `
    InstanceID:string Caption:string Description:string ElementName:string ResourceType:uint16
    OtherResourceType:string ResourceSubType:string PoolID:string ConsumerVisibility:uint16
    HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 Reservation:uint64 Limit:uint64
    Weight:uint32 AutomaticAllocation:boolean AutomaticDeallocation:boolean Parent:string Connection:string[]
    Address:string MappingBehavior:uint16 AddressOnParent:string VirtualQuantityUnits:string
    VirtualSystemIdentifiers:string[] DebuggerMode:boolean`,
  Msvm_Keyboard: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string DeviceID:string
    PowerManagementSupported:boolean PowerManagementCapabilities:uint16[] Availability:uint16 StatusInfo:uint16
    LastErrorCode:uint32 ErrorDescription:string ErrorCleared:boolean OtherIdentifyingInfo:string[]
    PowerOnHours:uint64 TotalPowerOnHours:uint64 IdentifyingDescriptions:string[]
    AdditionalAvailability:uint16[] MaxQuiesceTime:uint64 IsLocked:boolean Layout:string
    NumberOfFunctionKeys:uint16 Password:uint16 UnicodeSupported:boolean`,
  Msvm_ShutdownComponent: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string DeviceID:string
    PowerManagementSupported:boolean PowerManagementCapabilities:uint16[] Availability:uint16 StatusInfo:uint16
    LastErrorCode:uint32 ErrorDescription:string ErrorCleared:boolean OtherIdentifyingInfo:string[]
    PowerOnHours:uint64 TotalPowerOnHours:uint64 IdentifyingDescriptions:string[]
    AdditionalAvailability:uint16[] MaxQuiesceTime:uint64`,
  Msvm_DiskDrive: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string DeviceID:string
    PowerManagementSupported:boolean PowerManagementCapabilities:uint16[] Availability:uint16 StatusInfo:uint16
    LastErrorCode:uint32 ErrorDescription:string ErrorCleared:boolean OtherIdentifyingInfo:string[]
    PowerOnHours:uint64 TotalPowerOnHours:uint64 IdentifyingDescriptions:string[]
    AdditionalAvailability:uint16[] MaxQuiesceTime:uint64 Capabilities:uint16[] CapabilityDescriptions:string[]
    ErrorMethodology:string CompressionMethod:string NumberOfMediaSupported:uint32 MaxMediaSize:uint64
    DefaultBlockSize:uint64 MaxBlockSize:uint64 MinBlockSize:uint64 NeedsCleaning:boolean MediaIsLocked:boolean
    Security:uint16 LastCleaned:datetime MaxAccessTime:uint64 UncompressedDataRate:uint32 LoadTime:uint64
    UnloadTime:uint64 MountCount:uint64 TimeOfLastMount:datetime TotalMountTime:uint64 UnitsDescription:string
    MaxUnitsBeforeCleaning:uint64 UnitsUsed:uint64 DriveNumber:uint32`,
  Msvm_StorageAllocationSettingData: `
    InstanceID:string Caption:string Description:string ElementName:string ResourceType:uint16
    OtherResourceType:string ResourceSubType:string PoolID:string ConsumerVisibility:uint16
    HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 Limit:uint64 Weight:uint32
    AutomaticAllocation:boolean AutomaticDeallocation:boolean Parent:string Connection:string[] Address:string
    MappingBehavior:uint16 AddressOnParent:string VirtualResourceBlockSize:uint64 VirtualQuantityUnits:string
    Access:uint16 HostResourceBlockSize:uint64 Reservation:uint64 HostExtentStartingAddress:uint64
    HostExtentName:string HostExtentNameFormat:uint16 OtherHostExtentNameFormat:string
    HostExtentNameNamespace:uint16 OtherHostExtentNameNamespace:string IOPSLimit:uint64 IOPSReservation:uint64
    IOPSAllocationUnits:string PersistentReservationsSupported:boolean`,
  Msvm_SyntheticEthernetPortSettingData: `
    InstanceID:string Caption:string Description:string ElementName:string ResourceType:uint16
    OtherResourceType:string ResourceSubType:string PoolID:string ConsumerVisibility:uint16
    HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 Reservation:uint64 Limit:uint64
    Weight:uint32 AutomaticAllocation:boolean AutomaticDeallocation:boolean Parent:string Connection:string[]
    Address:string MappingBehavior:uint16 AddressOnParent:string VirtualQuantityUnits:string
    DesiredVLANEndpointMode:uint16 OtherEndpointMode:string VirtualSystemIdentifiers:string[]
    StaticMacAddress:boolean ClusterMonitored:boolean`,
  Msvm_EthernetPortAllocationSettingData: `
    InstanceID:string Caption:string Description:string ElementName:string ResourceType:uint16
    OtherResourceType:string ResourceSubType:string PoolID:string ConsumerVisibility:uint16
    HostResource:string[] AllocationUnits:string VirtualQuantity:uint64 Reservation:uint64 Limit:uint64
    Weight:uint32 AutomaticAllocation:boolean AutomaticDeallocation:boolean Parent:string Connection:string[]
    Address:string MappingBehavior:uint16 AddressOnParent:string VirtualQuantityUnits:string
    DesiredVLANEndpointMode:uint16 OtherEndpointMode:string EnabledState:uint16 RequiredFeatures:string[]
    RequiredFeatureHints:string[] TestReplicaPoolID:string TestReplicaSwitchName:string`,
  Msvm_VirtualEthernetSwitch: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    CreationClassName:string Name:string PrimaryOwnerName:string PrimaryOwnerContact:string Roles:string[]
    NameFormat:string OtherIdentifyingInfo:string[] IdentifyingDescriptions:string[] Dedicated:uint16[]
    OtherDedicatedDescriptions:string[] ResetCapability:uint16 PowerManagementCapabilities:uint16[]
    MaxVMQOffloads:uint32 MaxIOVOffloads:uint32`,
  Msvm_VirtualEthernetSwitchManagementService: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:uint16 OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string PrimaryOwnerName:string
    PrimaryOwnerContact:string StartMode:string Started:boolean`,
  Msvm_SyntheticDisplayController: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:string OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string DeviceID:string
    PowerManagementSupported:boolean PowerManagementCapabilities:uint16[] Availability:uint16 StatusInfo:uint16
    LastErrorCode:uint32 ErrorDescription:string ErrorCleared:boolean PowerOnHours:uint64
    TotalPowerOnHours:uint64 OtherIdentifyingInfo:string[] IdentifyingDescriptions:string[]
    AdditionalAvailability:uint16[] MaxQuiesceTime:uint64 TimeOfLastReset:datetime ProtocolSupported:uint16
    MaxNumberControlled:uint32 ProtocolDescription:string VideoProcessor:string VideoMemoryType:uint16
    OtherVideoMemoryType:string NumberOfVideoPages:uint32 MaxMemorySupported:uint32
    AcceleratorCapabilities:uint16[] CapabilityDescriptions:string[] OtherVideoArchitecture:string
    VideoArchitecture:uint16`,
  Msvm_S3DisplayController: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:string OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string DeviceID:string
    PowerManagementSupported:boolean PowerManagementCapabilities:uint16[] Availability:uint16 StatusInfo:uint16
    LastErrorCode:uint32 ErrorDescription:string ErrorCleared:boolean OtherIdentifyingInfo:string[]
    PowerOnHours:uint64 TotalPowerOnHours:uint64 IdentifyingDescriptions:string[]
    AdditionalAvailability:uint16[] MaxQuiesceTime:uint64 TimeOfLastReset:datetime ProtocolSupported:uint16
    MaxNumberControlled:uint32 ProtocolDescription:string VideoProcessor:string VideoMemoryType:uint16
    OtherVideoMemoryType:string NumberOfVideoPages:uint32 MaxMemorySupported:uint32
    AcceleratorCapabilities:uint16[] CapabilityDescriptions:string[] OtherVideoArchitecture:string
    VideoArchitecture:uint16`,
  Msvm_VideoHead: `
    InstanceID:string Caption:string Description:string ElementName:string InstallDate:datetime Name:string
    OperationalStatus:uint16[] StatusDescriptions:string[] Status:string HealthState:uint16
    CommunicationStatus:uint16 DetailedStatus:uint16 OperatingStatus:uint16 PrimaryStatus:uint16
    EnabledState:string OtherEnabledState:string RequestedState:uint16 EnabledDefault:uint16
    TimeOfLastStateChange:datetime AvailableRequestedStates:uint16[] TransitioningToState:uint16
    SystemCreationClassName:string SystemName:string CreationClassName:string DeviceID:string
    PowerManagementSupported:boolean PowerManagementCapabilities:uint16[] Availability:uint16 StatusInfo:uint16
    LastErrorCode:uint32 ErrorDescription:string ErrorCleared:boolean OtherIdentifyingInfo:string[]
    PowerOnHours:uint64 TotalPowerOnHours:uint64 IdentifyingDescriptions:string[]
    AdditionalAvailability:uint16[] MaxQuiesceTime:uint64 CurrentBitsPerPixel:uint32
    CurrentHorizontalResolution:uint32 CurrentVerticalResolution:uint32 MaxRefreshRate:uint32
    MinRefreshRate:uint32 CurrentRefreshRate:uint32 CurrentScanMode:uint16 OtherCurrentScanMode:string
    CurrentNumberOfRows:uint32 CurrentNumberOfColumns:uint32 CurrentNumberOfColors:uint64`,
};

/** The kind of a property: `uint16`, `string`, `datetime`, ..., and whether it is an array. */
export interface PropertyType {
  readonly type: string;
  readonly isArray: boolean;
}

export const CLASSES: ReadonlyMap<string, ReadonlyMap<string, PropertyType>> = new Map(
  Object.entries(PROPERTIES).map(([name, text]) => [
    name,
    new Map(
      text
        .trim()
        .split(/\s+/)
        .map((word) => {
          const [property = "", type = ""] = word.split(":");
          return [property, { type: type.replace("[]", ""), isArray: type.endsWith("[]") }];
        }),
    ),
  ]),
);

/** The namespace that a class is in, as the last part of its resource's URI. */
export function namespaceOf(className: string): string {
  return className.startsWith("Msvm_") ? "virtualization/v2" : "cimv2";
}
